import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, transform } from 'esbuild';
import { build as rolldown } from 'rolldown';
import { pack } from '../../scripts/pack.ts';

/** An empty project of a user with `boxlite` installed from its tarball, and the program to run in it. */
export interface PackedProject extends AsyncDisposable {
  readonly folder: string;
  /** Starts the program with the settings of its last argument, and prints its report as JSON; for Node, Deno and Bun. */
  readonly main: string;
}

const main = `import * as sdk from 'boxlite';
import { program } from './program.js';
console.log(JSON.stringify(await program(sdk, JSON.parse(globalThis.process.argv.at(-1)))));
`;
const bundleEntry = `export * as sdk from 'boxlite';\nexport { program } from './program.js';\n`;
const worker = `import { program, sdk } from './split/bundle-entry.js';
onmessage = async ({ data }) => {
  const report = await program(sdk, data).catch((error) => ({ failed: String(error) + ' ' + error.stack }));
  postMessage(JSON.stringify(report));
};
`;

/** Packs what the SDK is made of, installs the tarballs, and bundles the program for browsers: in parts for new ones, in one file for older ones. */
export async function packedProject(): Promise<PackedProject> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-anywhere-'));
  const npm = (cwd: string, ...args: readonly string[]): Promise<unknown> =>
    promisify(execFile)('npm', [...args, '--silent'], { cwd });
  const tarballs = join(folder, 'tarballs');
  await mkdir(tarballs);
  await npm(tarballs, 'pack', ...pack(['rest', 'api', 'sdk']));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const packages = (await readdir(tarballs)).map((name) => join(tarballs, name));
  await npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);

  const source = await readFile(join(import.meta.dirname, 'program.ts'), 'utf8');
  const { code } = await transform(source, { loader: 'ts', target: 'es2022' });
  const files = { 'program.js': code, 'main.js': main, 'bundle-entry.js': bundleEntry, 'worker.js': worker };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const bundle: BuildOptions = {
    entryPoints: [join(folder, 'bundle-entry.js')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
  };
  // As most pages have it: what is loaded late is in files of its own, cut as each bundler does.
  await build({ ...bundle, outdir: join(folder, 'split'), splitting: true, minify: true });
  await rolldown({
    input: join(folder, 'bundle-entry.js'),
    cwd: folder,
    platform: 'browser',
    preserveEntrySignatures: 'strict',
    output: { dir: join(folder, 'rolldown'), minify: true },
  });
  // Browsers that have no symbols of disposal yet: what is named by them is then named by nothing.
  const lacking = Object.fromEntries(
    ['Symbol.asyncDispose', 'Symbol.dispose', 'AsyncDisposableStack', 'DisposableStack'].map((name) => [
      name,
      'undefined',
    ]),
  );
  await build({ ...bundle, outfile: join(folder, 'older-bundle.js'), define: lacking, target: 'es2022' });
  return {
    folder,
    main: join(folder, 'main.js'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
