// The main entry as it is packed, in everything that runs JavaScript and that can be had here, against a real server.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';
import { browsers, type Pages, servePages } from './browser.ts';
import type { Driver } from './driver.ts';
import { type PackedProject, packedProject } from './packed-project.ts';
import type { ProgramReport, ProgramSettings } from './program.ts';

const key = 'blk_live_anywhere';
const others = join(import.meta.dirname, '../../.setup/other-runtimes/node_modules');

let dir: string;
let project: PackedProject;
let pages: Pages;
let server: ServerProcess;

beforeAll(async () => {
  if (!existsSync(others)) throw new Error('Deno and Bun are missing; run node scripts/setup.mjs --for-tests');
  dir = await mkdtemp(join(tmpdir(), 'boxlite-any-'));
  project = await packedProject();
  pages = await servePages(project.folder);
  server = await startServer(join(dir, 'home'), '--attached', `--api-key=${key}`, `--cors-origin=${pages.origin}`);
  // Compiles, packs and installs.
}, 180_000);

afterAll(async () => {
  await pages?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
  await server?.stop();
  await rm(dir, { recursive: true, force: true });
});

const settings = (name: string): ProgramSettings => ({ url: server.url, key, name });

/** What must come, wherever it runs; `browser` where the platform is one. */
function expectReport(report: unknown, browser: boolean): void {
  const error = (name: string, code: string, hasRequestId = true): ProgramReport => ({ name, code, hasRequestId });
  expect(report).toEqual({
    commands: { stdout: 'out €\n', stderr: 'err\n', exitCode: 42 },
    interactive: { came: ['got one', 'got two', 'got ünïcödé'], ended: true, exitCode: 0 },
    offsets: {
      all: { stdout: 'abcdef', stderr: 'XYZ', first: { stdout: 0, stderr: 0 } },
      rest: { stdout: 'ef', stderr: 'YZ', first: { stdout: 4, stderr: 1 } },
      stderr: 'XYZ',
    },
    stdin: { bytes: '70000', stream: 'from a stream' },
    files: { bytes: 3 * 1024 * 1024 + 17, same: true, stdout: 'text\n' },
    archives: { exitCode: 0, whole: true },
    limited: browser ? { ...error('PayloadTooLargeError', 'payload_too_large', false), cancelled: true } : 'sent',
    tunnel: 'over a socket',
    events: ['open', 'stopping'],
    abort: { reason: 'enough', before: 'running', signal: 'SIGKILL', timeout: 'TimeoutError' },
    simple: { stdout: 'simple\n', exists: false },
    errors: {
      missing: error('NotFoundError', 'not_found'),
      taken: error('AlreadyExistsError', 'already_exists'),
      wrong: error('UnauthorizedError', 'unauthenticated'),
      nowhere: error('NetworkError', 'network_failed', false),
      none: null,
      local: error('UnsupportedError', 'unsupported', false),
      hostPath: browser ? error('UnsupportedError', 'unsupported', false) : 'no error',
    },
  });
}

test.each([
  ['Node 22, the oldest', join(others, 'node22-rest/bin/node'), []],
  ['Node 24', process.execPath, []],
  [
    'Deno',
    join(others, 'deno/deno'),
    ['run', '--no-prompt', '--no-remote', '--node-modules-dir=manual', '--allow-net=127.0.0.1', '--allow-read'],
  ],
  ['Bun', join(others, 'bun/bin/bun'), ['run']],
])('%s does with the packed SDK all that a client does', async (runtime, file, args) => {
  const name = runtime.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const env = { PATH: process.env['PATH'], HOME: join(dir, name), DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' };
  const { stdout } = await promisify(execFile)(file, [...args, project.main, JSON.stringify(settings(name))], {
    cwd: project.folder,
    env,
  });
  expectReport(JSON.parse(stdout), false);
});

const map = {
  boxlite: '/node_modules/boxlite/dist/index.js',
  '@boxlite/api': '/node_modules/@boxlite/api/dist/index.js',
  '@boxlite/api/boxes': '/node_modules/@boxlite/api/dist/boxes.js',
  '@boxlite/api/executions': '/node_modules/@boxlite/api/dist/executions.js',
  '@boxlite/rest': '/node_modules/@boxlite/rest/dist/index.js',
  'eventsource-parser': '/node_modules/eventsource-parser/dist/index.js',
  valibot: '/node_modules/valibot/dist/index.mjs',
};
const plain = '<!doctype html><title>plain</title>';

describe.each(Object.entries(browsers))('%s', (browserName, open) => {
  let browser: Driver;
  beforeAll(async () => {
    browser = await open();
  }, 60_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
  });

  const inBrowser = (name: string): string => JSON.stringify(settings(`${browserName.toLowerCase()}-${name}`));

  test('a page with an import map and no bundler does all of it', async () => {
    const html = `${plain}<script type="importmap">${JSON.stringify({ imports: map })}</script>`;
    const run = `Promise.all([import('boxlite'), import('/program.js')])
      .then(([sdk, { program }]) => program(sdk, ${inBrowser('import-map')}))`;
    expectReport(await pages.evaluate(browser, html, run), true);
  });

  test('a page with a bundle in parts does all of it', async () => {
    const run = `import('/rolldown/bundle-entry.js').then(({ sdk, program }) => program(sdk, ${inBrowser('parts')}))`;
    expectReport(await pages.evaluate(browser, plain, run), true);
  });

  test('a page with a bundle in one file does all of it, also where a browser lacks what is new', async () => {
    // Pages of plain HTTP have no randomUUID, and older browsers do not iterate over streams.
    const run = `(delete ReadableStream.prototype[Symbol.asyncIterator], delete ReadableStream.prototype.values,
      delete Crypto.prototype.randomUUID, import('/older-bundle.js'))
      .then(({ sdk, program }) => program(sdk, ${inBrowser('older')}))`;
    expectReport(await pages.evaluate(browser, plain, run), true);
  });

  test('a module worker, with parts cut by another bundler, does all of it', async () => {
    const run = `new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(JSON.parse(data));
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(${inBrowser('worker')});
    })`;
    expectReport(await pages.evaluate(browser, plain, run), true);
  });

  test('a page that cannot load a part is told so, and loads it with the next call where the browser tries again', async () => {
    using _failing = pages.failOnce(/^\/split\/(late|server)-/);
    const run = `import('/split/bundle-entry.js').then(async ({ sdk }) => {
      const runtime = sdk.Boxlite.rest({ url: ${JSON.stringify(server.url)}, credential: new sdk.ApiKeyCredential('${key}') });
      const list = () => runtime.listInfo({ pageSize: 0 });
      const find = () => runtime.get('nobody');
      const told = [];
      for (const call of [list, list, find, find]) {
        told.push(await call().catch(({ name, code, message }) => name + ' ' + code + ': ' + message));
      }
      return told;
    })`;
    const [first, ...then] = Object.values(Object(await pages.evaluate(browser, plain, run)));
    const lost =
      /^NetworkError network_failed: a part of boxlite could not be loaded: .*, or load the page or start the program anew$/;
    const checked = /^InvalidArgumentError invalid_argument: pageSize must be/;
    expect(first).toMatch(lost);
    // Firefox keeps what failed for as long as it keeps the page.
    const what = browserName === 'Firefox' ? [lost, lost, lost] : [checked, lost, null];
    expect(then).toEqual(what.map((one) => one && expect.stringMatching(one)));
  });

  test('a page of an origin that the server was not told gets no answer', async () => {
    const from = pages.origin.replace('127.0.0.1', 'localhost');
    const run = `fetch(${JSON.stringify(`${server.url}/v1/config`)}).then(() => 'an answer', (error) => error.name)`;
    expect(await pages.evaluate(browser, plain, run)).toBe('an answer');
    expect(await pages.evaluate(browser, plain, run, from)).toBe('TypeError');
  });
});
