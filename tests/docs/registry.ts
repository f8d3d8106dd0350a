import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { listening } from './listening.ts';
import { root } from './page.ts';
import type { Shell } from './shell.ts';

/** A version of a package as the registry gives it. */
interface Version {
  readonly version: string;
  readonly manifest: object;
  readonly tarball: Buffer;
}

/**
 * An npm registry on loopback, which the shell's npm uses from now on: our packages as scripts/pack.ts stages them, and
 * every package that they need as it is installed in the clone.
 */
export async function startRegistry(shell: Shell): Promise<AsyncDisposable> {
  const known = new Map<string, Promise<readonly Version[]>>();
  const versionsOf = (name: string): Promise<readonly Version[]> => {
    const versions = known.get(name) ?? read(name);
    known.set(name, versions);
    return versions;
  };
  const server = createServer(async (request, response) => {
    const [name = '', wanted] = decodeURIComponent(request.url ?? '')
      .slice(1)
      .split('/-/');
    const versions = await versionsOf(name);
    const one = versions.find(({ version }) => version === wanted);
    if (one) response.end(one.tarball);
    else {
      response.writeHead(versions.length === 0 ? 404 : 200, { 'content-type': 'application/json' });
      response.end(packument(name, versions, `http://${request.headers.host}`));
    }
  });
  const registry = await listening(server, 0);
  await shell.run(
    `export npm_config_registry=${registry.url} npm_config_audit=false npm_config_update_notifier=false\n`,
  );
  return registry;
}

function packument(name: string, versions: readonly Version[], url: string): string {
  const all = versions.map(({ version, manifest, tarball }) => {
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    return [version, { ...manifest, dist: { tarball: `${url}/${name}/-/${version}`, integrity } }] as const;
  });
  return JSON.stringify({ name, 'dist-tags': { latest: all.at(-1)?.[0] }, versions: Object.fromEntries(all) });
}

let staged: Promise<unknown> | undefined;

/** Packs ours once, when npm first asks for one. */
function stage(): Promise<unknown> {
  staged ??= promisify(execFile)(process.execPath, [join(root, 'scripts/pack.ts')]);
  return staged;
}

async function read(name: string): Promise<readonly Version[]> {
  const files = globSync([`node_modules/${name}/package.json`, `packages/*/node_modules/${name}/package.json`], {
    cwd: root,
  });
  return await Promise.all(
    files.map(async (file) => {
      const source = relative(root, realpathSync(join(root, dirname(file))));
      const ours = source.startsWith('packages/') && !source.includes('node_modules');
      if (ours) await stage();
      const folder = join(root, ours ? source.replace('packages', 'dist/pack') : source);
      const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return { version: manifest.version, manifest, tarball: await pack(folder) };
    }),
  );
}

interface Manifest {
  readonly version: string;
}

async function pack(folder: string): Promise<Buffer> {
  const args = ['-cz', '--exclude=./node_modules', '--transform=s,^\\.,package,', '-C', folder, '.'];
  const tar = spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return buffer(tar.stdout);
}
