// The size budgets, minified and gzipped: what @boxlite/rest costs a page, its one dependency aside, and what `boxlite` costs it, all told.
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

interface Budget {
  readonly name: string;
  readonly package: 'rest' | 'sdk';
  /** What a program imports from the package. */
  readonly imports: string;
  /** What is not counted. */
  readonly external: string[];
  readonly bytes: number;
}

const core =
  'fetchClient, query, ignore, raw, paged, path, json, form, stream, nameOrId, commaSeparated, RestError, SchemaError, StatusError, TransportError';
const events = ['eventsource-parser', 'eventsource-parser/*'];

const budgets: readonly Budget[] = [
  {
    name: 'the core: endpoints, client, query, pages, errors',
    package: 'rest',
    imports: `{ ${core} }`,
    external: events,
    bytes: 3 * 1024,
  },
  {
    name: 'everything: events, retries, tokens, logging as well',
    package: 'rest',
    imports: '*',
    external: events,
    bytes: 5 * 1024,
  },
  {
    name: 'boxlite for boxes on a server, zod aside',
    package: 'sdk',
    imports: '{ Boxlite, ApiKeyCredential }',
    external: ['zod'],
    bytes: 32 * 1024,
  },
  {
    name: 'boxlite for boxes on a server, all told',
    package: 'sdk',
    imports: '{ Boxlite, ApiKeyCredential }',
    external: [],
    bytes: 59 * 1024,
  },
];

/** What a page loads first; parts that are loaded when they are needed, such as for host paths, are not counted. */
async function bundled({ package: name, imports, external }: Budget): Promise<number> {
  const source = join(import.meta.dirname, '../packages', name, 'src');
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export ${imports} from './index.ts';`, resolveDir: source, loader: 'ts' },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: source,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external,
  });
  const first = new Set<string>();
  const load = (path: string): void => {
    const output = metafile.outputs[path];
    if (!output || first.has(path)) return;
    first.add(path);
    for (const { path: next, kind } of output.imports) if (kind === 'import-statement') load(next);
  };
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) if (entryPoint === '<stdin>') load(path);
  const sizes = outputFiles
    .filter(({ path }) => [...first].some((one) => path.endsWith(one)))
    .map(({ contents }) => gzipSync(contents, { level: 9 }).length);
  if (sizes.length === 0) throw new Error('esbuild named no first file');
  return sizes.reduce((sum, size) => sum + size, 0);
}

for (const budget of budgets) {
  const size = await bundled(budget);
  process.stdout.write(`${size} of ${budget.bytes} bytes: ${budget.name}\n`);
  if (size > budget.bytes) process.exitCode = 1;
}
