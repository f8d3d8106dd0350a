import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Manifest, packedManifest } from '../../scripts/pack.ts';

const root = join(import.meta.dirname, '../..');

/** The `tsc` of this repository. */
export const tsc: string = join(root, 'node_modules/.bin/tsc');

/** A project that has the public packages' types as npm would install them, and no source of this repository. */
export interface PackedTypes extends Disposable {
  readonly folder: string;
  /** Every module that a user can import, with the file of its types. */
  readonly entries: readonly Entry[];
}

/** A module that a user can import. */
export interface Entry {
  readonly module: string;
  readonly file: string;
}

/** What types of the packages refer to, beside each other. */
const others = [
  '@standard-schema',
  '@types',
  'eventsource-parser',
  'expect-type',
  'hono',
  'undici-types',
  'valibot',
  'zod',
];

/** Makes one in a temporary folder, by the same rules as `scripts/pack.ts`. */
export function packTypes(): PackedTypes {
  const folder = mkdtempSync(join(tmpdir(), 'boxlite-types-'));
  const packages = readdirSync(join(root, 'packages'))
    .map((name) => ({ name, manifest: manifestOf(name) }))
    .filter(({ manifest }) => !manifest.private);
  const write = (name: string, value: unknown): void => writeFileSync(join(folder, name), JSON.stringify(value));
  const sources = packages.flatMap(({ name, manifest }) =>
    Object.entries(manifest.exports).map(
      ([path, source]) => [`${manifest['name']}${path.slice(1)}`, join(root, 'packages', name, source)] as const,
    ),
  );
  write('emit.json', {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noCheck: true,
      emitDeclarationOnly: true,
      rootDir: root,
      outDir: 'emitted',
      typeRoots: [join(root, 'node_modules/@types')],
      types: ['node'],
      // What is found through node_modules is not always emitted.
      paths: Object.fromEntries(sources.map(([module, source]) => [module, [source]])),
    },
    files: sources.map(([, source]) => source),
  });
  execFileSync(tsc, ['-p', join(folder, 'emit.json')]);
  const modules = join(folder, 'node_modules');
  const entries = packages.flatMap(({ name, manifest }): Entry[] => {
    const target = join(modules, String(manifest['name']));
    cpSync(join(folder, 'emitted/packages', name, 'src'), join(target, 'dist'), { recursive: true });
    const packed = packedManifest(manifest);
    writeFileSync(join(target, 'package.json'), JSON.stringify(packed));
    return Object.entries(packed.exports).map(([path, { types }]) => ({
      module: `${manifest['name']}${path.slice(1)}`,
      file: join(target, types),
    }));
  });
  rmSync(join(folder, 'emitted'), { recursive: true });
  for (const name of others) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  write('package.json', { private: true, type: 'module' });
  return { folder, entries, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
}
