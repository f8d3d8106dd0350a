import type { BoxEvent } from 'boxlite/backend';
import { expect, test } from 'vitest';
import { liveServer } from '../testing/live-server.ts';
import { readEvents } from '../testing/sse.ts';
import { testServer } from '../testing/test-server.ts';

const started: BoxEvent = {
  ...{ type: 'started', id: '1f.1', at: new Date('2026-02-09T12:00:00Z'), boxId: 'b1', boxName: 'build' },
  ...{ exitCode: undefined, errorMessage: undefined },
};

/** Reads until so many events are there. */
async function taken(response: Response, count: number): Promise<ReturnType<typeof readEvents>> {
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  let text = '';
  while (readEvents(text).length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return readEvents(text);
}

test('events begin with where the stream is, come as they happen, and resume after an id', async () => {
  const { call, backend } = await liveServer();
  const response = await call('GET', '/v1/default/events');
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  backend.happen(started);
  backend.happen({ ...started, type: 'failed', id: '1f.2', boxName: undefined, exitCode: 3, errorMessage: 'why' });
  const data = { type: 'started', at: '2026-02-09T12:00:00.000Z', box_id: 'b1', name: 'build' };
  const events = await taken(response, 3);
  expect(events.map(({ id, event }) => [id, event])).toEqual([
    ['1f.0', 'open'],
    ['1f.1', 'box'],
    ['1f.2', 'box'],
  ]);
  expect(JSON.parse(events[1]?.data ?? '')).toEqual(data);
  expect(JSON.parse(events[2]?.data ?? '')).toMatchObject({ exit_code: 3, error_message: 'why' });
  const again = await call('GET', '/v1/default/events', { headers: { 'last-event-id': '1f.1' } });
  expect((await taken(again, 2)).map(({ id }) => id)).toEqual(['1f.1', '1f.2']);
  await expect.poll(() => backend.readers).toBe(0);
});

test('what is no longer kept is a reset, an id that is none is 400, and a filter takes one box', async () => {
  const { ask, backend } = testServer();
  backend.happen(started);
  backend.happen({ ...started, id: '1f.2', boxId: 'b2' });
  const gone = await ask('GET', '/v1/default/events', { headers: { 'last-event-id': '1f.9999' } });
  expect((await taken(gone, 2)).map(({ event }) => event)).toEqual(['open', 'reset']);
  expect((await ask('GET', '/v1/default/events', { headers: { 'last-event-id': 'x' } })).status).toBe(400);
  expect((await ask('GET', '/v1/default/events?box=..')).status).toBe(400);
  const one = await ask('GET', '/v1/default/events?box=b2', { headers: { 'last-event-id': '1f.0' } });
  expect((await taken(one, 2)).map(({ id }) => id)).toEqual(['1f.0', '1f.2']);
});

test('silence is filled, and a server that shuts down ends the stream at once', async () => {
  const { call, listening, backend } = await liveServer({ heartbeatMs: 20 });
  const response = await call('GET', '/v1/default/events');
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  let text = '';
  while (!text.includes(': keep-alive')) text += new TextDecoder().decode((await reader.read()).value);
  await listening.close({ graceMs: 60_000 });
  for (;;) {
    const { done } = await reader.read();
    if (done) break;
  }
  expect(backend.readers).toBe(0);
});

test('clients that go away count once, and are no errors', async () => {
  const { call, connect, log, backend } = await liveServer();
  const open = async (): Promise<string | undefined> =>
    /^boxlite_streams_open (.+)$/m.exec(await (await call('GET', '/metrics')).text())?.[1];
  for (const cut of ['destroy', 'resetAndDestroy'] as const) {
    const socket = await connect();
    socket.write('GET /v1/default/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer test-key\r\n\r\n');
    await expect.poll(open).toBe('1');
    socket[cut]();
    await expect.poll(() => backend.readers).toBe(0);
    await expect.poll(open).toBe('0');
  }
  expect(log.filter(({ level }) => level === 'error')).toEqual([]);
});
