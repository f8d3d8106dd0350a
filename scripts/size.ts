// The size budget: what @boxlite/rest costs a page, minified and gzipped, its one dependency aside.
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

interface Budget {
  readonly name: string;
  /** What a program imports from the package. */
  readonly imports: string;
  readonly bytes: number;
}

const core =
  'fetchClient, query, ignore, raw, paged, path, json, form, stream, nameOrId, commaSeparated, RestError, SchemaError, StatusError, TransportError';

const budgets: readonly Budget[] = [
  { name: 'the core: endpoints, client, query, pages, errors', imports: `{ ${core} }`, bytes: 3 * 1024 },
  { name: 'everything: events, retries, tokens, logging as well', imports: '*', bytes: 5 * 1024 },
];

async function bundled(imports: string): Promise<number> {
  const source = join(import.meta.dirname, '../packages/rest/src');
  const result = await build({
    stdin: { contents: `export ${imports} from './index.ts';`, resolveDir: source, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    external: ['eventsource-parser', 'eventsource-parser/*'],
  });
  return gzipSync(result.outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length;
}

for (const { name, imports, bytes } of budgets) {
  const size = await bundled(imports);
  process.stdout.write(`${size} of ${bytes} bytes: ${name}\n`);
  if (size > bytes) process.exitCode = 1;
}
