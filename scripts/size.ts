// The size budgets, minified and gzipped: what @boxlite/rest costs a page, its one dependency aside, and what `boxlite` costs it.
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

interface Budget {
  readonly name: string;
  readonly package: 'rest' | 'sdk';
  /** What a program has from the package. */
  readonly source: string;
  /** What is not counted. */
  readonly external: string[];
  /** How what is loaded late is kept out: left out of the build, which is what is needed, or in chunks as esbuild cuts them. */
  readonly late: 'left out' | 'cut off';
  readonly bytes: number;
}

const core =
  'fetchClient, query, ignore, raw, paged, path, json, form, stream, nameOrId, commaSeparated, RestError, SchemaError, StatusError, TransportError';
const events = ['eventsource-parser', 'eventsource-parser/*'];

const rest = "export { Boxlite, ApiKeyCredential } from './index.ts'";

const budgets: readonly Budget[] = [
  {
    name: 'the core: endpoints, client, query, pages, errors',
    package: 'rest',
    source: `export { ${core} } from './index.ts'`,
    external: events,
    late: 'cut off',
    bytes: 3 * 1024,
  },
  {
    name: 'everything: events, retries, tokens, logging as well',
    package: 'rest',
    source: "export * from './index.ts'",
    external: events,
    late: 'cut off',
    bytes: 5 * 1024,
  },
  {
    name: 'boxlite for boxes on a server: what a page loads first, the schema library aside',
    package: 'sdk',
    source: rest,
    external: ['valibot'],
    late: 'left out',
    bytes: 12 * 1024,
  },
  {
    name: 'the same, all told',
    package: 'sdk',
    source: rest,
    external: [],
    late: 'left out',
    bytes: 14 * 1024,
  },
  {
    name: 'the same as esbuild cuts it, which puts more than is needed into what comes first',
    package: 'sdk',
    source: rest,
    external: [],
    late: 'cut off',
    bytes: 20 * 1024,
  },
  {
    name: 'the same with all that its first command loads, all told',
    package: 'sdk',
    source: `${rest}; export * from './late.ts'; export * from './rest/commands.ts'; export * from '../../rest/src/event-decoder.ts'`,
    external: [],
    late: 'left out',
    bytes: 22 * 1024,
  },
];

const leftOut: Plugin = {
  name: 'late',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** What a page loads first. */
async function bundled({ package: name, source, external, late }: Budget): Promise<number> {
  const folder = join(import.meta.dirname, '../packages', name, 'src');
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: folder, loader: 'ts' },
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: folder,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external,
    plugins: late === 'left out' ? [leftOut] : [],
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
