import { pythonImage } from '../../images/python/build.ts';
import { builtLayout } from '../images/built-layout.ts';
import { startGitlab } from './gitlab.ts';
import type { Block } from './page.ts';
import type { Place } from './place.ts';
import { startRegistry } from './registry.ts';
import type { Shell } from './shell.ts';

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
  readonly prepare?: (place: Place, shell: Shell) => Promise<AsyncDisposable | undefined>;
}

const credentials = ['--api-key', 'a-key', '--oauth-client', 'agent:a-long-secret'];

/** Pages whose environment is not the usual one. */
export const environments: Readonly<Record<string, Environment>> = {
  'README.md': { inClone: true },
  'docs/guides/bind-your-own-api.md': {
    replaced: { 'https://gitlab.example': 'http://127.0.0.1:8100' },
    prepare: ({ port }) => startGitlab(port),
  },
  'docs/guides/code.md': { prepare: withPython },
  'docs/guides/credentials.md': { server: credentials, prepare: exporting('KEY=a-key') },
  'docs/guides/disks.md': { replaced: { "'/tmp'": "'~'" } },
  'docs/guides/files.md': { replaced: { '/tmp/boxlite-guide': '~/guide' } },
  'docs/guides/local.md': { replaced: { '/var/lib/boxlite': '~/boxlite' } },
  'docs/guides/network.md': { replaced: { '127.0.0.1:8080:80': '127.0.0.1:8100:80' } },
  'docs/guides/operating.md': {
    server: credentials,
    replaced: { '=KEY': '=a-key', '=ID ': '=agent ', '=SECRET': '=a-long-secret' },
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
    replaced: { KEY: 'a-key', 'ID:SECRET': 'agent:a-long-secret', ' URL ': ' http://127.0.0.1:8100 ' },
  },
  'packages/runtime/README.md': { prepare: ({ port }, shell) => startRegistry(port, shell) },
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

function exporting(pairs: string): Environment['prepare'] {
  return async ({ port }, shell) => {
    await shell.run(`export ${pairs.replaceAll('PORT', `${port}`)}\n`);
    return undefined;
  };
}

async function withPython(_: Place, shell: Shell): Promise<undefined> {
  await shell.run(`boxlite images import '${await builtLayout(pythonImage)}' ${pythonImage.name}\n`);
}
