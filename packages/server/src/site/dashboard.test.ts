import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorResponse, read } from '@boxlite/api';
import { expect, onTestFinished, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';
import { dashboard } from './dashboard.ts';

const nobody = { authorization: '' };

/** The files that the page names, as it names them. */
async function named(page: Response): Promise<readonly string[]> {
  return [...(await page.text()).matchAll(/ (?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
}

test('the page is there without a credential, is asked for anew each time, and may run only what comes from here', async () => {
  const { ask } = testServer();
  const page = await ask('GET', '/dashboard/', { headers: nobody });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('x-frame-options')).toBe('DENY');
  const policy = page.headers.get('content-security-policy')?.split('; ');
  for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"])
    expect(policy).toContain(part);
  expect(policy?.join('; ')).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
});

test('what the page loads is below it, has the hash of its content in its name, and may be kept for ever', async () => {
  const { ask } = testServer({ basePath: '/api' });
  const moved = await ask('GET', '/api/dashboard', { headers: nobody });
  expect([moved.status, moved.headers.get('location')]).toEqual([308, 'dashboard/']);
  // From the root, where the page would find no API beside it.
  for (const path of ['/dashboard', '/dashboard/']) {
    const { status, headers } = await ask('GET', path, { headers: nobody });
    expect([path, status, headers.get('location')]).toEqual([path, 308, '/api/dashboard/']);
  }
  expect((await ask('GET', '/dashboard/index.html', { headers: nobody })).status).toBe(404);
  const paths = await named(await ask('GET', '/api/dashboard/', { headers: nobody }));
  expect(paths.map((path) => path.split('.').at(-1)).sort()).toEqual(expect.arrayContaining(['css', 'js', 'svg']));
  let bytes = 0;
  for (const path of paths) {
    expect(path).toMatch(/^\.\/assets\/[\w-]+-[\w-]{8}\.(?:js|css|svg)$/);
    const file = await ask('GET', `/api/dashboard/${path.slice(2)}`, {
      headers: { ...nobody, 'accept-encoding': 'gzip' },
    });
    bytes += Number(file.headers.get('content-length'));
    expect([path, file.status]).toEqual([path, 200]);
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(file.headers.get('content-type')).toMatch(/^(?:text\/javascript|text\/css|image\/svg)/);
  }
  // The terminal and the graphs, which are most of it, come when they are opened.
  expect(bytes).toBeLessThan(40_000);
});

test('who takes gzip gets gzip, of the same content; caches are told', async () => {
  const { ask } = testServer({ corsOrigins: ['https://app.example.com'] });
  const plain = await ask('GET', '/dashboard/', { headers: nobody });
  const packed = await ask('GET', '/dashboard/', { headers: { ...nobody, 'accept-encoding': 'br, gzip;q=0.5' } });
  expect([plain.headers.get('content-encoding'), packed.headers.get('content-encoding')]).toEqual([null, 'gzip']);
  const unpacked = packed.body?.pipeThrough(new DecompressionStream('gzip'));
  expect(await new Response(unpacked).text()).toBe(await plain.text());
  for (const { headers } of [plain, packed]) expect(headers.get('vary')).toBe('origin, accept-encoding');
  const refused = await ask('GET', '/dashboard/', { headers: { ...nobody, 'accept-encoding': 'gzip;q=0' } });
  expect(refused.headers.get('content-encoding')).toBe(null);
});

test('nothing else is there, whatever the path', async () => {
  const { ask, log } = testServer();
  for (const path of ['assets/none.js', '../openapi.yaml', '%2e%2e/%2e%2e/package.json', 'assets', 'constructor']) {
    const answer = await ask('GET', `/dashboard/${path}`, { headers: nobody });
    expect([path, answer.status]).toEqual([path, path.startsWith('../') ? 200 : 404]);
    if (answer.status === 404) expect(read(errorResponse, await answer.json()).error.type).toBe('NotFoundError');
  }
  expect((await ask('POST', '/dashboard/')).status).toBe(405);
  const head = await ask('HEAD', '/dashboard/', { headers: nobody });
  expect([head.status, head.body]).toEqual([200, null]);
  // A metric for each path that somebody makes up would be without end.
  expect(new Set(log.map(({ operation }) => operation))).toEqual(new Set(['dashboard', 'openapi.yaml', undefined]));
});

test('switched off there is no page', async () => {
  const { ask } = testServer({ dashboard: false, basePath: '/api' });
  for (const path of ['/dashboard', '/dashboard/', '/api/dashboard', '/api/dashboard/', '/api/dashboard/assets/a.js'])
    expect([path, (await ask('GET', path, { headers: nobody })).status]).toEqual([path, 404]);
});

test('a page that is not built yet, or in part, is a 404 until it is whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const answer = dashboard(join(folder, 'built'))('dashboard/');
  const ask = async (): Promise<number | undefined> =>
    (await answer?.(new Request('http://server/dashboard/')))?.status;
  await expect(ask()).rejects.toMatchObject({ status: 404 });
  await mkdir(join(folder, 'built/assets'), { recursive: true });
  await expect(ask()).rejects.toMatchObject({ status: 404 });
  await writeFile(join(folder, 'built/index.html'), '<script src="./assets/a.js"></script>');
  await expect(ask()).rejects.toMatchObject({ status: 404, message: expect.stringContaining('not built') });
  await writeFile(join(folder, 'built/assets/a.js'), '');
  expect(await ask()).toBe(200);
});
