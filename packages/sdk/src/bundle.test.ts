import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('bundles for browsers without a single Node built-in, lazy parts included', async () => {
  // Not external: an import of a built-in would fail the build.
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'index.ts')],
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    outdir: 'unused',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const imports = Object.values(result.metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
  expect(imports.filter((path) => path.startsWith('node:') || builtinModules.includes(path))).toEqual([]);
  const bytes = result.outputFiles.map(({ contents }) => gzipSync(contents).length);
  const total = bytes.reduce((sum, size) => sum + size, 0);
  console.log(`boxlite bundled for browsers: ${total} bytes gzipped in ${bytes.length} files`);
  expect(total).toBeLessThan(62_000);
});
