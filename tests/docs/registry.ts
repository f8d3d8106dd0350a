import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { root } from './page.ts';
import type { Shell } from './shell.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/**
 * An npm registry on a port of loopback, for the shell's npm: our packages as scripts/pack.ts stages them, and every
 * package that they need as it is installed in the clone.
 */
export async function startRegistry(port: number, shell: Shell): Promise<AsyncDisposable> {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/pack.ts')]);
  const patterns = ['dist/pack/*', 'node_modules/*', 'node_modules/@*/*', 'packages/*/node_modules/*'];
  const folders = globSync(
    patterns.map((each) => `${each}/package.json`),
    { cwd: root },
  ).map((file) => dirname(join(root, file)));
  const packed = new Map<string, Promise<Buffer>>();
  const tarball = (folder: string): Promise<Buffer> => {
    const known = packed.get(folder) ?? pack(folder);
    packed.set(folder, known);
    return known;
  };
  const server = createServer(async (request, response) => {
    const [name = '', version] = decodeURIComponent(request.url ?? '')
      .slice(1)
      .split('/-/');
    const found = folders
      .map((folder) => ({ folder, manifest: manifestOf(folder) }))
      .filter(({ manifest }) => manifest.name === name);
    // The workspaces' links in node_modules are their sources; what is packed comes first.
    const unique = found.filter(
      ({ manifest }, index) => found.findIndex((one) => one.manifest.version === manifest.version) === index,
    );
    if (version !== undefined) {
      const one = unique.find(({ manifest }) => manifest.version === version);
      response.end(one && (await tarball(one.folder)));
      return;
    }
    const versions = await Promise.all(
      unique.map(async ({ folder, manifest }) => {
        const integrity = `sha512-${createHash('sha512')
          .update(await tarball(folder))
          .digest('base64')}`;
        const dist = { tarball: `http://127.0.0.1:${port}/${name}/-/${manifest.version}`, integrity };
        return [manifest.version, { ...manifest, dist }] as const;
      }),
    );
    const latest = versions.at(-1)?.[0];
    response.writeHead(latest === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ name, 'dist-tags': { latest }, versions: Object.fromEntries(versions) }));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await shell.run(
    `export npm_config_registry=http://127.0.0.1:${port} npm_config_audit=false npm_config_update_notifier=false\n`,
  );
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

async function pack(folder: string): Promise<Buffer> {
  const args = ['-cz', '--exclude=./node_modules', '--transform=s,^\\.,package,', '-C', folder, '.'];
  const tar = spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return buffer(tar.stdout);
}
