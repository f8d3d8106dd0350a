import { once } from 'node:events';
import { createdApiKey, read, tokenResponse } from '@boxlite/api';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { liveServer } from '../testing/live-server.ts';

test('a credential that is revoked loses what it has open, a stream and a terminal, and nobody else does', async () => {
  const { call, backend, listening } = await liveServer({ heartbeatMs: 20 });
  const box = await backend.create({}, 'a');
  const execution = await box.exec({ command: 'manual' });
  const opened = async (name: string) => {
    const made = await call('POST', '/v1/api-keys', {
      body: JSON.stringify({ name }),
      headers: { 'content-type': 'application/json' },
    });
    const headers = { authorization: `Bearer ${read(createdApiKey, await made.json()).value}` };
    const output = await call('GET', `/v1/boxes/a/executions/${execution.id}/output`, { headers });
    const events = await call('GET', '/v1/events', { headers });
    return { headers, output, events };
  };
  const [gone, stays] = [await opened('gone'), await opened('stays')];
  const socket = new WebSocket(`${listening.url}/v1/boxes/a/executions/${execution.id}/attach`, gone);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  expect((await call('DELETE', '/v1/api-keys/gone')).status).toBe(204);
  await expect(gone.output.text()).rejects.toThrow('terminated');
  await expect(gone.events.text()).rejects.toThrow('terminated');
  await closed;
  await expect.poll(() => backend.readers).toBe(1);
  execution.push('stdout', 'x');
  execution.finish({ exitCode: 0 });
  expect(await stays.output.text()).toContain('event: exit');
  await stays.events.body?.cancel();
});

test('what an expired key has open ends, what a token has open outlives the token', async () => {
  let nowMs = Date.now();
  const { call, backend } = await liveServer({
    heartbeatMs: 20,
    nowMs: () => nowMs,
    auth: { apiKeys: [{ key: 'test-key' }], clients: [{ id: 'c', secret: 's' }], tokenLifetimeSeconds: 60 },
  });
  const made = await call('POST', '/v1/api-keys', {
    body: JSON.stringify({ name: 'short', expires_at: new Date(nowMs + 60_000).toISOString() }),
    headers: { 'content-type': 'application/json' },
  });
  const form = { 'content-type': 'application/x-www-form-urlencoded', authorization: '' };
  const issued = await call('POST', '/v1/oauth/tokens', {
    body: 'grant_type=client_credentials&client_id=c&client_secret=s',
    headers: form,
  });
  const { access_token } = read(tokenResponse, await issued.json());
  const open = (bearer: string): Promise<Response> =>
    call('GET', '/v1/events', { headers: { authorization: `Bearer ${bearer}` } });
  const [byKey, byToken] = [await open(read(createdApiKey, await made.json()).value), await open(access_token)];
  nowMs += 61_000;
  await expect(byKey.text()).rejects.toThrow('terminated');
  expect(backend.readers).toBe(1);
  await byToken.body?.cancel();
});
