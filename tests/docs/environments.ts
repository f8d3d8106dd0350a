import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { browserImage } from '../../images/browser/build.ts';
import { desktopImage } from '../../images/desktop/build.ts';
import { pythonImage } from '../../images/python/build.ts';
import { tarArchive, tarEntry } from '../../packages/runtime/src/tar/writer.ts';
import { startRegistry as startImageRegistry } from '../../packages/runtime/src/testing/registry.ts';
import { pushImage, testImage } from '../../packages/runtime/src/testing/test-image.ts';
import { builtLayout } from '../images/built-layout.ts';
import { startGitlab } from './gitlab.ts';
import { type Block, root } from './page.ts';
import type { Place } from './place.ts';
import { startRegistry } from './registry.ts';
import type { Shell } from './shell.ts';

/** What is there for as long as the page is tried. */
interface Prepared extends AsyncDisposable {
  /** Replaced in every block, too. */
  readonly replaced?: Readonly<Record<string, string>>;
}

/** What a page needs around it. Nothing, unless it says so: an empty home, `boxlite` on the PATH, no server, root. */
export interface Environment {
  /** What stands in the blocks, and what it is here: `~` is the home. 8100 is always a port that is free. */
  readonly replaced?: Readonly<Record<string, string>>;
  /** Flags of a `boxlite serve` that is up before the first block. */
  readonly server?: readonly string[];
  /** The ordinary user whose page it is. */
  readonly user?: string;
  /** Whether the page is read in the clone, not in an empty folder. */
  readonly inClone?: true;
  /** What the reader has done before. */
  readonly prepare?: (place: Place, shell: Shell) => Promise<Prepared | undefined>;
}

/** All of it takes half a minute, and has a test of its own. */
const smallConformance = { ' --image boxlite/base:latest': ' --image boxlite/base:latest --only events' };

const credentials = ['--api-key', 'a-key', '--oauth-client', 'agent:a-long-secret'];

/** Pages whose environment is not the usual one. */
export const environments: Readonly<Record<string, Environment>> = {
  'README.md': { inClone: true },
  'docs/guides/bind-your-own-api.md': {
    replaced: { 'https://gitlab.example': 'http://127.0.0.1:8100' },
    prepare: ({ port }) => startGitlab(port),
  },
  'docs/guides/code.md': { prepare: withPython },
  'docs/getting-started.md': {
    inClone: true,
    replaced: { '../my-project': '~/my-project', '../boxlite/dist': `${root}/dist` },
    prepare: (_, shell) => startRegistry(shell),
  },
  'docs/guides/browser-and-desktop.md': { prepare: withScreens },
  'docs/guides/credentials.md': { server: credentials, prepare: exporting('KEY=a-key BOXLITE_API_KEY=a-key') },
  'docs/guides/disks.md': { replaced: { "'/tmp'": "'~'" } },
  'docs/guides/from-boxlite.md': { prepare: withPublishedClients },
  'docs/guides/files.md': { replaced: { '/tmp/boxlite-guide': '~/guide' } },
  'docs/guides/images.md': { prepare: withMirror },
  'docs/guides/local.md': { replaced: { '/var/lib/boxlite': '~/boxlite' } },
  'docs/guides/network.md': { replaced: { '127.0.0.1:8080:80': '127.0.0.1:8100:80' } },
  'docs/guides/operating.md': {
    server: credentials,
    replaced: { '=KEY': '=a-key', '=ID ': '=agent ', '=SECRET': '=a-long-secret', ...smallConformance },
    prepare: ({ port }) => othersAtWork(port),
  },
  'docs/guides/rootless.md': { user: 'boxlite-test' },
  'images/README.md': { inClone: true, replaced: { '/tmp/python': '~/python' } },
  'packages/api/README.md': {
    server: credentials,
    replaced: { 'alpine:latest': 'boxlite/base:latest' },
    prepare: exporting('BOXLITE_REST_URL=http://127.0.0.1:PORT BOXLITE_API_KEY=a-key'),
  },
  'packages/cli/README.md': {
    server: [...credentials, '--home', '~/of-the-server'],
    replaced: {
      '=KEY': '=a-key',
      'ID:SECRET': 'agent:a-long-secret',
      ' URL ': ' http://127.0.0.1:8100 ',
      ...smallConformance,
    },
  },
  'packages/runtime/README.md': { prepare: (_, shell) => startRegistry(shell) },
  'packages/sdk/README.md': {
    replaced: { 'alpine:latest': 'boxlite/base:latest' },
    prepare: exporting('BOXLITE_REST_URL=http://127.0.0.1:PORT'),
  },
  'packages/server/README.md': { replaced: { '/var/lib/boxlite': '~' } },
};

/** A line, or a block that has only it, that a test cannot run. */
interface Exception {
  readonly page: string;
  /** How it begins. */
  readonly line: string;
  readonly reason: string;
}

/** All that is not run. */
export const exceptions: readonly Exception[] = [
  { page: 'README.md', line: 'npm test', reason: 'it is what runs this' },
  {
    page: 'docs/decisions/0011-cgroup-v2.md',
    line: 'BOXLITE_ENGINE=crun node',
    reason: 'a machine of several minutes; tests/cgroup-v2 starts the same one with less in it',
  },
  ...['browser', 'desktop'].map((name) => ({
    page: 'docs/guides/browser-and-desktop.md',
    line: `node images/${name}/build.ts`,
    reason: 'it takes a minute; set-up builds the same image for the tests by the same function',
  })),
  { page: 'docs/guides/rootless.md', line: '[Service]', reason: 'as in docs/guides/local.md' },
  { page: 'docs/guides/operating.md', line: '[Unit]', reason: 'as in docs/guides/local.md' },
  {
    page: 'docs/guides/local.md',
    line: '[Service]',
    reason: 'it is a unit of systemd, which may not be the init here',
  },
  { page: 'docs/guides/rootless.md', line: 'sudo apt-get', reason: 'it changes the host, as set-up did already' },
  {
    page: 'docs/guides/rootless.md',
    line: 'sudo usermod',
    reason: 'it changes the host; scripts/setup/test-user.mjs does it',
  },
  { page: 'docs/guides/rootless.md', line: 'setfacl', reason: 'it needs a package that nothing else here does' },
];

/** The code of a block less what cannot run here. */
export function without({ page, code }: Block): string {
  const left = exceptions.filter((one) => one.page === page).map(({ line }) => line);
  return code
    .split('\n')
    .filter((line) => !left.some((each) => line.startsWith(each)))
    .join('\n');
}

function exporting(pairs: string): NonNullable<Environment['prepare']> {
  return async ({ port }, shell) => {
    await shell.run(`export ${pairs.replaceAll('PORT', `${port}`)}\n`);
    return undefined;
  };
}

async function withPython(_: Place, shell: Shell): Promise<undefined> {
  await shell.run(`boxlite images import '${await builtLayout(pythonImage)}' ${pythonImage.name}\n`);
}

async function withScreens(_: Place, shell: Shell): Promise<undefined> {
  for (const image of [browserImage, desktopImage])
    await shell.run(`boxlite images import '${await builtLayout(image)}' ${image.name}\n`);
}

/** A mirror that has one image. */
async function withMirror(): Promise<Prepared> {
  const registry = await startImageRegistry();
  const layer = tarArchive([tarEntry({ path: 'etc/motd' }, Buffer.from('of the mirror'))]);
  await pushImage(registry, 'library/alpine', testImage([layer]), 'latest');
  return {
    replaced: { '127.0.0.1:5000': registry.host },
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** The clients that BoxLite publishes, installed as set-up has them. */
async function withPublishedClients({ home }: Place, shell: Shell): Promise<undefined> {
  const clients = join(root, '.setup/published-clients');
  await symlink(join(clients, 'npm/node_modules'), join(home, 'node_modules'));
  await shell.run(`export PYTHONPATH='${join(clients, 'python')}'\n`);
}

/** Others use the page's server meanwhile: boxes come and go. */
async function othersAtWork(port: number): Promise<AsyncDisposable> {
  const runtime = Boxlite.rest({ url: `http://127.0.0.1:${port}`, credential: new ApiKeyCredential('a-key') });
  const atEnd = new AbortController();
  const work = (async () => {
    while (!atEnd.signal.aborted) {
      const { id } = await runtime.create({ image: 'boxlite/base:latest' });
      await runtime.remove(id);
      await delay(100);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      atEnd.abort();
      await work;
    },
  };
}
