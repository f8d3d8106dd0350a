import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, expectTypeOf, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { eventDecoder } from './event-decoder.ts';
import { type Client, type Endpoint, type EventsOptions, events, fetchClient } from './index.ts';

const log: Endpoint = { method: 'GET', path: '/log' };
const Line = z.object({ n: z.number() });
const line = (n: number, extra = ''): string => `id: ${n}\n${extra}data: {"n":${n}}\n\n`;

type Step = (response: ServerResponse, request: IncomingMessage) => void;

/** A server that does one step a request, and remembers the ids that it was asked to go on from. */
async function serve(...steps: Step[]): Promise<{ client: Client; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const id = request.headers['last-event-id'];
    asked.push(typeof id === 'string' ? id : undefined);
    const step = steps.shift();
    if (!step) response.writeHead(404).end('no more');
    else step(response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { client: fetchClient({ baseUrl: `http://127.0.0.1:${port}` }), asked };
}

const open = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
const sends =
  (text: string): Step =>
  (response) =>
    open(response).end(text);
const breaks =
  (text: string): Step =>
  (response) =>
    open(response).write(text, () => response.destroy());

async function numbers(client: Client, options: EventsOptions<{ data: { n: number } }>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { data } of events(client, log, Line, options)) seen.push(data.n);
  return seen;
}

function patient(): { pauses: number[]; options: EventsOptions<unknown> } {
  const pauses: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    pauses.push(ms);
  };
  return { pauses, options: { sleep, random: () => 0.5, baseMs: 100 } };
}

test('a body that ends is the end, when no event is said to be the last', async () => {
  const { client, asked } = await serve(sends(`: hello\n\n${line(1)}${line(2)}data: {"n":`));
  expect(await numbers(client, { lastEventId: 'é0' })).toEqual([1, 2]);
  expect(asked.map((id) => Buffer.from(id ?? '', 'latin1').toString())).toEqual(['é0']);
});

test('a stream that breaks, or ends early, is resumed after its last id', async () => {
  const { client, asked } = await serve(breaks(line(1)), sends(line(2)), sends(''), sends(line(3)));
  const { pauses, options } = patient();
  const until = ({ data }: { data: { n: number } }): boolean => data.n === 3;
  expect(await numbers(client, { ...options, until })).toEqual([1, 2, 3]);
  expect(asked).toEqual([undefined, '1', '2', '2']);
  // An event in between starts the back-off anew.
  expect(pauses).toEqual([50, 50, 100]);
});

test('what comes after the last event is still read, and a break after it is no loss', async () => {
  const { client, asked } = await serve(breaks(line(1) + line(2)));
  expect(await numbers(client, { until: ({ data }) => data.n === 1 })).toEqual([1, 2]);
  expect(asked).toHaveLength(1);
});

test('reconnecting is bounded, and the last failure is the one thrown', async () => {
  const busy: Step = (response) => response.writeHead(503).end('busy');
  const { client, asked } = await serve(breaks(line(1)), busy, sends(''), busy);
  const { pauses, options } = patient();
  const until = (): boolean => false;
  await expect(numbers(client, { ...options, until, reconnects: 3 })).rejects.toMatchObject({ status: 503 });
  expect(asked).toHaveLength(4);
  expect(pauses).toEqual([50, 100, 200]);
});

test.each([
  ['one event', line(1)],
  ['the same events', line(1) + line(2)],
])('a server that sends %s again and again is left after as many connections as may be lost', async (_, text) => {
  const { client, asked } = await serve(...Array<Step>(20).fill(sends(text)));
  const { pauses, options } = patient();
  const reading = numbers(client, { ...options, until: () => false, reconnects: 3 });
  const last = text.includes('id: 2') ? 2 : 1;
  await expect(reading).rejects.toMatchObject({
    code: 'transport',
    message: expect.stringContaining('no last event'),
  });
  expect(asked).toEqual([undefined, ...Array<string>(3).fill(`${last}`)]);
  expect(pauses).toEqual([50, 100, 200]);
});

test('connections that are cut one after the other, each after it was heard for long, are resumed for as long as it takes', async () => {
  const cut: Step = (response) => {
    open(response).write(': first\n\n');
    setTimeout(() => response.write(': later\n\n', () => response.destroy()), 30);
  };
  const { options } = patient();
  const until = (event: { data: { n: number } }): boolean => event.data.n === 1;
  const { client, asked } = await serve(...Array<Step>(10).fill(cut), sends(line(1)));
  expect(await numbers(client, { ...options, until, reconnects: 2, maxMs: 10 })).toEqual([1]);
  expect(asked).toHaveLength(11);
  // Those that are soon cut are counted.
  const short = await serve(...Array<Step>(10).fill(cut));
  await expect(numbers(short.client, { ...options, until, reconnects: 2 })).rejects.toThrow();
  expect(short.asked).toHaveLength(3);
});

test('retry: lengthens the wait, up to the cap', async () => {
  const until = (): boolean => false;
  const { client } = await serve(breaks(`retry: 700\n\n${line(1)}`), breaks(`retry: 9999999\n${line(2)}`));
  const { pauses, options } = patient();
  await expect(numbers(client, { ...options, until, maxMs: 5000 })).rejects.toMatchObject({ status: 404 });
  expect(pauses).toEqual([700, 5000]);
});

test('a first connection that fails, a final status and a 204 are not retried', async () => {
  const { client, asked } = await serve((response) => response.writeHead(503).end());
  await expect(numbers(client, patient().options)).rejects.toMatchObject({ status: 503 });
  await expect(numbers(client, patient().options)).rejects.toMatchObject({ status: 404 });
  expect(asked).toHaveLength(2);
  const done = await serve(breaks(line(1)), (response) => response.writeHead(204).end());
  expect(await numbers(done.client, { ...patient().options, until: () => false })).toEqual([1]);
  await expect(numbers(fetchClient({ baseUrl: 'http://127.0.0.1:1' }), {})).rejects.toMatchObject({
    code: 'transport',
  });
});

test('events without ids are not asked for again, for they would come twice', async () => {
  const { client, asked } = await serve(breaks('data: {"n":1}\n\n'));
  await expect(numbers(client, patient().options)).rejects.toMatchObject({ code: 'transport' });
  expect(asked).toHaveLength(1);
  // An empty id takes back the one before (HTML standard, 9.2.6).
  const reset = await serve(breaks(`${line(1)}id\ndata: {"n":2}\n\n`));
  await expect(numbers(reset.client, patient().options)).rejects.toMatchObject({ code: 'transport' });
  expect(reset.asked).toHaveLength(1);
});

test('a POST is not repeated', async () => {
  const { client, asked } = await serve(breaks(line(1)));
  const reading = Array.fromAsync(events(client, { ...log, method: 'POST' }, Line, patient().options));
  await expect(reading).rejects.toMatchObject({ code: 'transport' });
  expect(asked).toHaveLength(1);
});

test('schemas by name give a union told apart by name, and pass over other names', async () => {
  const { client } = await serve(sends(`event: out\n${line(1)}event: toString\n${line(2)}event: exit\n${line(3)}`));
  const names: string[] = [];
  for await (const event of events(client, log, { out: Line, exit: z.object({ n: z.literal(3) }) })) {
    if (event.name === 'exit') expectTypeOf(event.data.n).toEqualTypeOf<3>();
    names.push(`${event.id} ${event.name}`);
  }
  expect(names).toEqual(['1 out', '3 exit']);
});

test('characters split over chunks, CRLF and lines of data in parts arrive whole', async () => {
  const bytes = Buffer.from('id: 1\r\ndata: {"text":\r\ndata: "é𝄞"}\r\n\r\n');
  const { client } = await serve(async (response) => {
    open(response);
    for (const byte of bytes) if (!response.write(Uint8Array.of(byte))) await once(response, 'drain');
    response.end();
  });
  const seen = await Array.fromAsync(events(client, log, z.object({ text: z.string() })));
  expect(seen).toEqual([{ id: '1', name: 'message', data: { text: 'é𝄞' } }]);
});

test('what is not an event stream, not JSON, not the schema or too long is a SchemaError', async () => {
  const { client } = await serve(
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    sends('data: nonsense\n\n'),
    sends('data: {"n":"1"}\n\n'),
    (response) => {
      open(response);
      const more = (): void => {
        while (response.write('data: '.padEnd(65_536, 'x')));
      };
      response.on('drain', more);
      more();
    },
  );
  for (let round = 0; round < 4; round++) {
    await expect(numbers(client, patient().options)).rejects.toMatchObject({ code: 'schema' });
  }
});

test('a silent connection counts as lost, one with comments does not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  const client = fetchClient({
    baseUrl: 'http://app.invalid',
    fetch: async () => {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void bodies.push(controller) });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
  });
  const send = (text: string): void => bodies.at(-1)?.enqueue(new TextEncoder().encode(text));
  const until = ({ data }: { data: { n: number } }): boolean => data.n === 2;
  const reading = numbers(client, { ...patient().options, idleMs: 1000, until });
  await vi.advanceTimersByTimeAsync(0);
  send(line(1));
  for (let round = 0; round < 5; round++) {
    await vi.advanceTimersByTimeAsync(900);
    expect(bodies).toHaveLength(1);
    send(': still here\n\n');
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(bodies).toHaveLength(2);
  send(line(2));
  bodies.at(-1)?.close();
  expect(await reading).toEqual([1, 2]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a slow reader is not taken for a silent server', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const { client, asked } = await serve(sends(line(1) + line(2)));
  for await (const { id } of events(client, log, Line, { idleMs: 60_000 })) {
    if (id === '1') await vi.advanceTimersByTimeAsync(600_000);
  }
  expect(asked).toHaveLength(1);
});

test('an abort throws its reason, while reading and while waiting to connect again', async () => {
  const { client } = await serve((response) => open(response).write(line(1)), breaks(line(1)));
  for (const round of ['reading', 'waiting']) {
    const controller = new AbortController();
    const sleep = async (_: number, signal?: AbortSignal): Promise<void> => {
      controller.abort(round);
      signal?.throwIfAborted();
    };
    const reading = async (): Promise<void> => {
      for await (const _ of events(client, log, Line, { signal: controller.signal, sleep })) {
        if (round === 'reading') setImmediate(() => controller.abort(round));
      }
    };
    await expect(reading()).rejects.toBe(round);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  }
});

test('an app in process is as good as a socket, and learns when the reader leaves', async () => {
  let cancelled = false;
  let n = 0;
  const body = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(line(++n))),
      cancel() {
        cancelled = true;
      },
    });
  const client = fetchClient({
    baseUrl: 'http://app.invalid',
    fetch: async () => new Response(body(), { headers: { 'content-type': 'text/event-stream' } }),
  });
  for await (const { data } of events(client, log, Line)) if (data.n === 3) break;
  expect(cancelled).toBe(true);
});

test.each([
  ['a field', 'data: '],
  ['none', ''],
])(
  'a line that never ends, of %s, is a SchemaError after 16 MiB, in a time that grows with its length',
  async (_, head) => {
    const decode = (bytes: number, most: number): number => {
      const decoder = eventDecoder(
        () => {},
        (message) => new RangeError(message),
      );
      const piece = new TextEncoder().encode('x'.repeat(bytes));
      const begun = process.threadCpuUsage();
      decoder(new TextEncoder().encode(head));
      for (let sent = 0; sent < most; sent += bytes) decoder(piece);
      // Of its own time on the processor: a machine that gives it none in between makes nothing slow.
      const { user, system } = process.threadCpuUsage(begun);
      return user + system;
    };
    expect(() => decode(65_536, 2 ** 24 + 65_536)).toThrow(RangeError);
    // Sixteen times as long: were all looked through with each piece, 256 times.
    decode(64, 2 ** 18);
    const [short = 0, long = 0] = [2 ** 19, 2 ** 23].map((length) => Math.min(decode(64, length), decode(64, length)));
    expect(long / short).toBeLessThan(80);
    const { client } = await serve((response) => {
      const flood = (): void => void (response.destroyed || response.write('x'.repeat(65_536), flood));
      open(response).write(head, flood);
    });
    await expect(numbers(client, { until: () => false })).rejects.toMatchObject({ code: 'schema' });
  },
);
