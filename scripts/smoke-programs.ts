/** What a user of one package installs and runs: a program that prints `ok`, or ends with an error. */
export interface SmokeProgram {
  /** The package, by its folder under dist/pack. */
  readonly folder: string;
  /** Packages that it comes with, by folder: its own dependencies among ours, and what its program needs beside it. */
  readonly beside: readonly string[];
  /** The oldest Node that it runs on, by its name in .setup/other-runtimes. */
  readonly oldest: 'node22-rest' | 'node22-local';
  /** TypeScript. */
  readonly source: string;
}

const rest = `import { fetchClient, paged, path, query } from '@boxlite/rest';
import { serving } from '@boxlite/rest/testing';

const fetch = async (request: Request): Promise<Response> => Response.json({ asked: request.url });
const client = fetchClient({ baseUrl: 'https://api.invalid/v1', fetch });
const answer = await query({ method: 'GET', path: path\`/things/\${'a/b'}\` }).send(client);
if (JSON.stringify(answer) !== '{"asked":"https://api.invalid/v1/things/a%2Fb"}') throw new Error(JSON.stringify(answer));
const pagination = { mode: 'token' } as const;
const items = await paged({ method: 'GET', path: path\`/all\`, pagination: { ...pagination, items: 'all' } }, undefined, { pageSize: 2 })
  .send(serving([1, 2, 3], { ...pagination, items: 'all' }));
if (items.length !== 3) throw new Error(String(items.length));
console.log('ok');
`;

const api = `import { createSnapshot, errorResponse, operations, snapshot } from '@boxlite/api';
import { fetchClient, query, SchemaError } from '@boxlite/rest';

const answers = [{ error: { message: 'no', type: 'NotFoundError', code: 404 } }, {}];
const client = fetchClient({ baseUrl: 'https://api.invalid/v1/default', fetch: async () => Response.json(answers.shift()) });
const endpoint = createSnapshot({ box: 'a', body: { name: 's' } });
const { error } = await query(endpoint, errorResponse).send(client);
if (error.code !== 404 || operations.length < 50) throw new Error(error.message);
const wrong: unknown = await query(endpoint, snapshot).send(client).catch((thrown: unknown) => thrown);
if (!(wrong instanceof SchemaError)) throw new Error('what is no snapshot passed for one');
console.log('ok');
`;

const sdk = `import { ApiKeyCredential, Boxlite, NotFoundError, UnsupportedError } from 'boxlite';
import type { RuntimeBackend } from 'boxlite/backend';

const answer = { error: { message: 'no such box', type: 'NotFoundError', code: 404 } };
const fetch = async (): Promise<Response> => Response.json(answer, { status: 404 });
const runtime = Boxlite.rest({ url: 'https://api.invalid', credential: new ApiKeyCredential('k'), fetch });
const missing: unknown = await runtime.remove('nobody').catch((error: unknown) => error);
if (!(missing instanceof NotFoundError)) throw missing;
const local: unknown = await Boxlite.local().catch((error: unknown) => error);
if (!(local instanceof UnsupportedError)) throw local;
const over: (backend: RuntimeBackend) => Boxlite = Boxlite.over;
if (typeof over !== 'function') throw new Error('over is missing');
console.log('ok');
`;

const box = `{ image: 'boxlite/base:latest', memoryMib: 128 }`;

const runtime = `import { Boxlite, lines } from 'boxlite';

await using runtime = await Boxlite.local();
await using box = await runtime.create(${box});
await box.files.write('/tmp/file', 'one\\ntwo\\n');
const execution = await box.exec('cat', ['/tmp/file']);
const came: string[] = [];
for await (const line of lines(execution.stdout)) came.push(line);
const { exitCode } = await execution.wait();
if (exitCode !== 0 || came.join() !== 'one,two') throw new Error(\`exit code \${exitCode}, \${came.join()}\`);
await box.stop();
if ((await runtime.listInfo()).length !== 0) throw new Error('the box was not removed');
console.log('ok');
`;

const server = `import { createApp, listen } from '@boxlite/server';
import { openLocal } from '@boxlite/runtime';
import { ApiKeyCredential, Boxlite } from 'boxlite';

const backend = await openLocal({});
try {
  await using server = await listen(createApp(backend, { auth: { apiKeys: [{ id: 'a', key: 'blk_smoke' }] } }), { port: 0 });
  await using runtime = Boxlite.rest({ url: server.url, credential: new ApiKeyCredential('blk_smoke') });
  await using box = await runtime.create(${box});
  const { stdout, exitCode } = await box.run('echo', ['hi']);
  if (exitCode !== 0 || stdout !== 'hi\\n') throw new Error(\`exit code \${exitCode}, \${stdout}\`);
  const reference = await fetch(new URL('/openapi.yaml', server.url));
  if (!(await reference.text()).startsWith('openapi:')) throw new Error('the package lacks its spec');
  const page = await fetch(new URL('/dashboard', server.url));
  if (!page.ok || !(await page.text()).includes('<script type="module"')) throw new Error('the package lacks its dashboard');
} finally {
  await backend.shutdown();
}
console.log('ok');
`;

// The command itself, as npx runs it: beside this file.
const cli = `import { execFileSync } from 'node:child_process';
import process from 'node:process';

const run = (...args: string[]): string =>
  execFileSync(process.execPath, ['node_modules/@boxlite/cli/bin/boxlite.mjs', ...args], { encoding: 'utf8' });
const hi = run('run', '--rm', 'boxlite/base:latest', 'echo', 'hi');
if (hi !== 'hi\\n') throw new Error(hi);
if (!run('--help').includes('serve')) throw new Error('the command does not know serve');
console.log('ok');
`;

/** One for each public package. */
export const smokePrograms: readonly SmokeProgram[] = [
  { folder: 'rest', beside: [], oldest: 'node22-rest', source: rest },
  { folder: 'api', beside: ['rest'], oldest: 'node22-rest', source: api },
  { folder: 'sdk', beside: ['api', 'rest'], oldest: 'node22-rest', source: sdk },
  { folder: 'runtime', beside: ['sdk', 'api', 'rest'], oldest: 'node22-local', source: runtime },
  { folder: 'server', beside: ['runtime', 'sdk', 'api', 'rest'], oldest: 'node22-local', source: server },
  { folder: 'cli', beside: ['server', 'runtime', 'sdk', 'api', 'rest'], oldest: 'node22-local', source: cli },
];
