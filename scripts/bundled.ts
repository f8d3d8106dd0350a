// What bundlers make of a program: the files that a page gets, and which of them it needs when.
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { rolldown } from 'rolldown';

/** A program of a package, to be bundled for pages. */
export interface Program {
  /** Imports from the sources of a package, such as `./index.ts`. */
  readonly source: string;
  /** The folder of these sources. */
  readonly folder: string;
  /** Packages that are left out. @default none */
  readonly external?: readonly string[];
}

/** One file that a bundler made. */
interface Chunk {
  readonly bytes: number;
  /** The files that are loaded before it runs. */
  readonly needs: readonly string[];
}

/** A bundled program. */
export interface Bundle {
  /** Minified and gzipped bytes, and the number of files, that are loaded for the program, and for parts that it loads late: sources, below the folder. */
  loaded(...late: readonly string[]): { readonly bytes: number; readonly files: number };
}

/** A bundler with its defaults, and with minification. */
export type Bundler = (program: Program) => Promise<Bundle>;

const entry = 'program.ts';

function bundle(chunks: ReadonlyMap<string, Chunk>, fileOf: ReadonlyMap<string, string>): Bundle {
  return {
    loaded(...late) {
      const files = new Map<string, Chunk>();
      const load = (file: string): void => {
        const chunk = chunks.get(file);
        if (chunk === undefined || files.has(file)) return;
        files.set(file, chunk);
        chunk.needs.forEach(load);
      };
      for (const source of [entry, ...late]) {
        const file = fileOf.get(source);
        if (file === undefined) throw new Error(`no file of the bundle begins with ${source}`);
        load(file);
      }
      return { bytes: [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0), files: files.size };
    },
  };
}

const gzipped = (code: string | Uint8Array): number => gzipSync(code, { level: 9 }).length;

/** esbuild, with splitting. */
export const withEsbuild: Bundler = async ({ source, folder, external = [] }) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: folder, loader: 'ts', sourcefile: entry },
    absWorkingDir: folder,
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: [...external],
  });
  const chunks = new Map<string, Chunk>();
  const fileOf = new Map<string, string>();
  for (const [file, { imports, entryPoint }] of Object.entries(metafile.outputs)) {
    const output = outputFiles.find(({ path }) => path === join(folder, file));
    const needs = imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
    chunks.set(file, { bytes: gzipped(output?.contents ?? ''), needs });
    if (entryPoint !== undefined) fileOf.set(entryPoint, file);
  }
  return bundle(chunks, fileOf);
};

/** Rolldown, which is what Vite has. */
export const withRolldown: Bundler = async ({ source, folder, external = [] }) => {
  const path = join(folder, entry);
  await using build = await rolldown({
    input: path,
    cwd: folder,
    platform: 'browser',
    external: [...external],
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === path ? id : undefined),
        load: (id) => (id === path ? { code: source, moduleType: 'ts' } : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  const chunks = new Map<string, Chunk>();
  const fileOf = new Map<string, string>();
  for (const chunk of output) {
    if (chunk.type !== 'chunk') continue;
    chunks.set(chunk.fileName, { bytes: gzipped(chunk.code), needs: chunk.imports });
    if (chunk.facadeModuleId !== null) fileOf.set(chunk.facadeModuleId.slice(folder.length + 1), chunk.fileName);
  }
  return bundle(chunks, fileOf);
};
