import { expect, test } from 'vitest';
import { liveServer } from '../testing/live-server.ts';
import { testServer } from '../testing/test-server.ts';

const page = 'https://app.example.com';
const preflight = { origin: page, 'access-control-request-method': 'POST', authorization: '' };

test('without configured origins nothing is said to other origins, and a preflight is a method like any other', async () => {
  const { call } = await liveServer();
  const answer = await call('GET', '/v1/config', { headers: { origin: page } });
  expect(answer.headers.has('access-control-allow-origin')).toBe(false);
  expect((await call('OPTIONS', '/v1/default/boxes', { headers: preflight })).status).toBe(405);
});

test('pages of a configured origin may ask and read, those of others may not', async () => {
  const { call } = await liveServer({ corsOrigins: [page] });
  const asked = await call('OPTIONS', '/v1/default/boxes', { headers: preflight });
  expect(asked.status).toBe(204);
  expect(asked.headers.get('access-control-allow-origin')).toBe(page);
  expect(asked.headers.get('access-control-allow-headers')).toContain('Authorization');
  expect(asked.headers.get('access-control-allow-headers')).toContain('Range');
  expect(asked.headers.get('vary')).toBe('origin');
  expect(asked.headers.has('access-control-allow-credentials')).toBe(false);
  const answer = await call('GET', '/v1/config', { headers: { origin: page } });
  expect(answer.headers.get('access-control-allow-origin')).toBe(page);
  expect(answer.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
  // How much of a file there is: see readFile.
  expect(answer.headers.get('access-control-expose-headers')).toContain('Content-Range');
  for (const origin of ['https://evil.example.com', 'http://app.example.com', 'null', `${page}.evil.com`]) {
    const other = await call('GET', '/v1/config', { headers: { origin } });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
    expect(other.headers.get('vary')).toBe('origin');
    expect((await call('OPTIONS', '/v1/default/boxes', { headers: { ...preflight, origin } })).status).toBe(405);
  }
});

test('an origin is a scheme and a host, or a star for all', async () => {
  for (const wrong of ['app.example.com', 'https://app.example.com/', 'ftp://a', 'https://a/b', '']) {
    expect(() => testServer({ corsOrigins: [wrong] })).toThrow('a CORS origin must be');
  }
  const { ask } = testServer({ corsOrigins: ['*'] });
  const answer = await ask('GET', '/v1/config', { headers: { origin: page } });
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
});

test('every answer tells browsers to keep it nowhere, to run nothing in it and to guess nothing', async () => {
  const { call } = await liveServer();
  for (const path of ['/v1/config', '/v1/default/boxes', '/v1/default/boxes/none', '/nowhere', '/health']) {
    const { headers } = await call('GET', path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
  }
});
