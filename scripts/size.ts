// The size budgets, minified and gzipped: what @boxlite/rest costs a page, its one dependency aside, and what `boxlite` costs it.
import { join } from 'node:path';
import process from 'node:process';
import { type Bundler, withEsbuild, withRolldown } from './bundled.ts';

interface Budget {
  readonly name: string;
  readonly package: 'rest' | 'sdk';
  /** What a program has from the package. */
  readonly source: string;
  /** What is not counted. */
  readonly external: readonly string[];
  /** The parts that have been loaded, beside what is loaded first. */
  readonly late: readonly string[];
  /** Whether what is loaded first counts. @default true */
  readonly first?: boolean;
  readonly bytes: number;
}

const core =
  'fetchClient, query, ignore, raw, paged, path, json, form, stream, nameOrId, commaSeparated, RestError, SchemaError, StatusError, TransportError';
const events = ['eventsource-parser', 'eventsource-parser/*'];

const page = `import { ApiKeyCredential, Boxlite } from './index.ts';
globalThis.runtime = Boxlite.rest({ url: 'https://boxes.example.com', credential: new ApiKeyCredential('key') });`;

const schemas = ['valibot'];

const budgets: readonly Budget[] = [
  {
    name: 'the core: endpoints, client, query, pages, errors',
    package: 'rest',
    source: `export { ${core} } from './index.ts'`,
    external: events,
    late: [],
    bytes: 3 * 1024,
  },
  {
    name: 'everything: events, retries, tokens, logging as well',
    package: 'rest',
    source: "export * from './index.ts'",
    external: events,
    late: [],
    bytes: 5 * 1024,
  },
  {
    name: 'boxlite for boxes on a server: what a page loads first',
    package: 'sdk',
    source: page,
    external: [],
    late: [],
    bytes: 9 * 1024,
  },
  {
    name: 'the REST path: core, api and what of the SDK talks to a server, up to a command; the libraries aside',
    package: 'sdk',
    source: page,
    external: [...schemas, ...events],
    late: ['rest/server.ts'],
    first: false,
    bytes: 12 * 1024,
  },
  {
    name: 'what a page has loaded once it has made a box, with the libraries for schemas and events',
    package: 'sdk',
    source: page,
    external: [],
    late: ['rest/server.ts'],
    bytes: 24 * 1024,
  },
  {
    name: 'the same once it has run a command in it',
    package: 'sdk',
    source: page,
    external: [],
    late: ['rest/server.ts', 'late.ts'],
    bytes: 27.5 * 1024,
  },
];

const bundlers: Readonly<Record<string, Bundler>> = { esbuild: withEsbuild, Rolldown: withRolldown };

for (const { name, package: folder, source, external, late, first = true, bytes: most } of budgets) {
  for (const [bundler, build] of Object.entries(bundlers)) {
    const program = { source, folder: join(import.meta.dirname, '../packages', folder, 'src'), external };
    const bundle = await build(program);
    const all = bundle.loaded(...late);
    const before = first ? { bytes: 0, files: 0 } : bundle.loaded();
    const bytes = all.bytes - before.bytes;
    const files = all.files - before.files;
    process.stdout.write(`${bytes} of ${most} bytes in ${files} files by ${bundler}: ${name}\n`);
    if (bytes > most) process.exitCode = 1;
  }
}
