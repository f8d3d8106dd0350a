import { readFile } from 'node:fs/promises';
import { errorResponse, read } from '@boxlite/api';
import { StorageError } from 'boxlite/backend';
import { describe, expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';
import { openapiFile } from './shipped-files.ts';

const nobody = { authorization: '' };

test('/health and /ready answer without a credential, and nothing but GET and HEAD', async () => {
  const { ask } = testServer();
  expect(await (await ask('GET', '/health', { headers: nobody })).json()).toEqual({ status: 'alive' });
  expect(await (await ask('GET', '/ready', { headers: nobody })).json()).toEqual({ status: 'ready' });
  expect((await ask('HEAD', '/ready', { headers: nobody })).status).toBe(200);
  const refused = await ask('POST', '/health');
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('/ready is 503 while the backend cannot start boxes, with the cause in the log alone', async () => {
  let now = 0;
  const { ask, backend, log } = testServer({ nowMs: () => now });
  backend.broken = new StorageError('the disk of /secret/home is full');
  const answer = await ask('GET', '/ready', { headers: nobody });
  expect(answer.status).toBe(503);
  expect(read(errorResponse, await answer.json()).error.message).not.toContain('secret');
  expect(log[0]?.error).toMatchObject({ cause: backend.broken });
  backend.broken = undefined;
  // The backend is asked once a second at most: whoever asks has no credential.
  expect((await ask('GET', '/ready', { headers: nobody })).status).toBe(503);
  now += 1000;
  expect((await ask('GET', '/ready', { headers: nobody })).status).toBe(200);
  expect((await ask('GET', '/health', { headers: nobody })).status).toBe(200);
});

test('a draining server is alive and not ready', async () => {
  const { app, ask } = testServer();
  app.drain();
  expect((await ask('GET', '/ready', { headers: nobody })).status).toBe(503);
  expect((await ask('GET', '/health', { headers: nobody })).status).toBe(200);
});

describe('/metrics', () => {
  const keys = [
    { key: 'admin', scopes: ['runtime:admin'] },
    { key: 'reader', scopes: ['boxes:read'] },
  ] as const;
  const asked = (key: string): { headers: { authorization: string } } => ({
    headers: { authorization: key && `Bearer ${key}` },
  });

  test('is for credentials with runtime:admin, unless it was made public', async () => {
    const { ask } = testServer({ auth: { apiKeys: keys } });
    expect((await ask('GET', '/metrics', asked(''))).status).toBe(401);
    expect((await ask('GET', '/metrics', asked('reader'))).status).toBe(403);
    expect((await ask('GET', '/metrics', asked('admin'))).status).toBe(200);
    const open = testServer({ auth: { apiKeys: keys }, metricsPublic: true });
    expect((await open.ask('GET', '/metrics', asked(''))).status).toBe(200);
  });

  test('counts requests by operation and status, output, streams and what the backend counts', async () => {
    const { ask, backend } = testServer();
    const box = await backend.create({}, 'a');
    await box.exec({ command: 'echo', args: ['1234567'] });
    await (await ask('GET', '/v1/default/boxes/a/executions/E1/output')).text();
    const following = await ask('GET', '/v1/default/events');
    // More than are counted at a time, so that both what was and what waits is in the sum.
    for (let i = 0; i < 300; i++) await ask('GET', '/v1/default/boxes/a');
    await ask('GET', '/v1/default/boxes/none');
    await ask('GET', '/nowhere');
    const answer = await ask('GET', '/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = (await answer.text()).split('\n');
    for (const line of [
      'boxlite_http_requests_total{operation="getBox",status="200"} 300',
      'boxlite_http_requests_total{operation="getBox",status="404"} 1',
      'boxlite_http_requests_total{operation="none",status="404"} 1',
      'boxlite_http_request_duration_seconds_count{operation="getBox"} 301',
      'boxlite_output_bytes_total 8',
      'boxlite_streams_open 1',
      'boxlite_boxes_running 0',
      'boxlite_boxes_warm 0',
      'boxlite_executions_running 0',
      'boxlite_boxes_created_total 1',
    ]) {
      expect(lines).toContain(line);
    }
    for (const name of ['boxlite_event_loop_lag_seconds{quantile="0.99"}', 'boxlite_memory_bytes{kind="rss"}']) {
      expect(lines.find((line) => line.startsWith(`${name} `))).toMatch(/ [0-9.e-]+$/);
    }
    await following.body?.cancel();
    expect(await (await ask('GET', '/metrics')).text()).toContain('boxlite_streams_open 0');
  });
});

describe('the reference', () => {
  test('/openapi.yaml is the contract, byte for byte', async () => {
    const answer = await testServer().ask('GET', '/openapi.yaml', { headers: nobody });
    expect(answer.headers.get('content-type')).toBe('application/yaml');
    expect(await answer.text()).toBe(await readFile(openapiFile, 'utf8'));
  });

  test('/docs is one page that loads nothing, and every link of it leads somewhere', async () => {
    const answer = await testServer().ask('GET', '/docs', { headers: nobody });
    const html = await answer.text();
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|\shref="(?!#|openapi\.yaml)/i);
    const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    for (const operation of ['createBox', 'streamEvents', 'startExecution'])
      expect(html).toContain(`>${operation}</a>`);
  });
});

test('with a base path they are below it, and at the root for monitors; nowhere else', async () => {
  const { ask, log } = testServer({ basePath: '/api' });
  for (const path of [
    '/health',
    '/api/health',
    '/ready',
    '/api/ready',
    '/api/metrics',
    '/api/docs',
    '/api/openapi.yaml',
  ]) {
    expect([path, (await ask('GET', path)).status]).toEqual([path, 200]);
  }
  expect(log.map(({ operation }) => operation)).toContain('docs');
  expect((await ask('GET', '/api/metrics', { headers: nobody })).status).toBe(401);
  for (const path of ['/api', '/apihealth', '/api/api/health', '/api//health', '/api/']) {
    expect([path, (await ask('GET', path)).status]).toEqual([path, 404]);
  }
});
