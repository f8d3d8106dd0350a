import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

async function bundledBytes(names: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${names} from './index.ts'`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    external: ['eventsource-parser'],
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}

const core = [
  ['path', 'commaSeparated', 'nameOrId', 'json', 'form', 'stream', 'fetchClient'],
  ['query', 'ignore', 'raw', 'paged', 'sudo', 'sudoContext', 'withHeaders', 'idempotent'],
  ['RestError', 'TransportError', 'StatusError', 'SchemaError'],
].flat();

test('the core alone (endpoints, client, queries, pages, errors) is at most 3 KB minified and gzipped', async () => {
  expect(await bundledBytes(`{ ${core.join(', ')} }`)).toBeLessThanOrEqual(3072);
});

test('with event streams and every client decorator it stays below 5 KB, in one file', async () => {
  expect(await bundledBytes('*')).toBeLessThanOrEqual(5120);
});

test('what is not used is not bundled: one query costs less than 2 KB', async () => {
  expect(await bundledBytes('{ path, fetchClient, query }')).toBeLessThanOrEqual(2048);
});
