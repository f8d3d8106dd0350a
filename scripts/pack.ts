// Builds every public package and stages what npm would publish under dist/pack/<folder>/.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** What is read of a package's manifest; the rest is passed on. */
export interface Manifest {
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const root = join(import.meta.dirname, '..');

/** Files that a package needs beside its own `dist`, by folder: from the root, to the package. Set-up has built them. */
const extras: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  // Where packages/runtime/src/shipped-files.ts looks; the guest's sources go with it, but nothing else that was built.
  runtime: [
    ['guest', 'guest'],
    ['guest/build/boxlite-guest', 'guest/boxlite-guest'],
    ['.setup/base-image', 'base-image'],
  ],
  // Where packages/server/src/site/shipped-files.ts looks.
  server: [
    ['spec/openapi.yaml', 'spec/openapi.yaml'],
    ['docs/reference/rest-api.md', 'spec/rest-api.md'],
    ['.setup/dashboard', 'dashboard'],
  ],
};

interface Compiled {
  readonly types: string;
  readonly default: string;
}

/** A manifest as it is published. */
export interface PackedManifest {
  readonly exports: Readonly<Record<string, Compiled>>;
  readonly [field: string]: unknown;
}

/** The manifest to publish: exports point to compiled files and their declarations, and the repository's own fields go. */
export function packedManifest(manifest: Manifest): PackedManifest {
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([path, source]) => [path, compiled(source)] as const),
  );
  return { ...manifest, exports };
}

function compiled(source: string): Compiled {
  const stem = source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}

/** Compiles and stages packages, by folder; the staged folders. @default every public one */
export function pack(
  folders: readonly string[] = readdirSync(join(root, 'packages')).filter((name) => !manifestOf(name).private),
): readonly string[] {
  const tsc = join(root, 'node_modules/.bin/tsc');
  const projects = folders.map((name) => join(root, 'packages', name));
  // From nothing, so that no file of a source that is gone is published.
  for (const project of projects) {
    for (const built of ['dist', 'tsconfig.tsbuildinfo'])
      rmSync(join(project, built), { recursive: true, force: true });
  }
  execFileSync(tsc, ['-b', ...projects], { stdio: 'inherit' });
  return folders.map(stage);
}

function stage(name: string): string {
  const from = join(root, 'packages', name);
  const to = join(root, 'dist/pack', name);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  cpSync(join(from, 'dist'), join(to, 'dist'), {
    recursive: true,
    filter: (file) => !/\.(tsbuildinfo|test\.(js|d\.ts))$/.test(file),
  });
  for (const file of ['README.md', 'bin']) {
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file), { recursive: true });
  }
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  for (const [source, target] of extras[name] ?? []) {
    cpSync(join(root, source), join(to, target), {
      recursive: true,
      filter: (file) => file !== join(root, 'guest/build'),
    });
  }
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(packedManifest(manifestOf(name)), null, 2)}\n`);
  return to;
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
}

if (import.meta.main) {
  for (const folder of pack()) process.stdout.write(`${folder}\n`);
}
