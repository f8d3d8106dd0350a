import { type EventDecoder, type EventMessage, events, fetchClient } from '@boxlite/rest';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64 } from '../rest/base64.ts';
import { outputDecoder } from './output-decoder.ts';

interface Seen {
  readonly id: string | undefined;
  readonly name: string;
  /** The bytes of a piece in base64, or the data. */
  readonly data: unknown;
}

const bytesOf = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value: unknown): { value: unknown } {
      const data = typeof value === 'object' && value !== null && 'data' in value ? value.data : value;
      if (value instanceof Uint8Array) return { value: Buffer.from(value).toString('base64') };
      return { value: typeof data === 'string' ? Buffer.from(decodeBase64(data)).toString('base64') : value };
    },
  },
} as const;

/** What comes of a body in such chunks: its events, then the error's code when there was one. */
async function read(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  decoder?: (plain: EventDecoder) => EventDecoder,
): Promise<(Seen | string)[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const client = fetchClient({
    baseUrl: 'http://server.invalid',
    fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
  });
  const seen: (Seen | string)[] = [];
  try {
    const stream = events(client, { method: 'GET', path: '/output' }, bytesOf, { decoder });
    for await (const { id, name, data } of stream) seen.push({ id, name, data });
  } catch (error) {
    seen.push(error instanceof Error && 'code' in error ? `${error.code}` : 'unknown');
  }
  return seen;
}

function cut(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

const piece = fc
  .record({
    id: fc.tuple(fc.nat(), fc.nat()).map(([out, err]) => `${out}.${err}`),
    event: fc.constantFrom('stdout', 'stderr'),
    data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  })
  .map(({ id, event, data }) => `id: ${id}\nevent: ${event}\ndata: {"data":"${data}"}\n\n`);
// Everything that may stand between such pieces, or spoil one.
const other = fc.constantFrom(
  ...[
    ': keep-alive\n\n',
    '\n',
    '\n\n',
    '\r\n',
    'i',
    'id',
    'id: 5.5\n',
    'id: 5.5\n\n',
    'event: exit\ndata: {"exit_code":0}\n\n',
  ],
  ...['event: stdout\nid: 3.0\ndata: {"data":"YWJj"}\n\n', 'id: 3.0\nevent: stdout\ndata: {"data":"YWJj"}\r\n\r\n'],
  ...[
    'id: 3.0\nevent: stdout\ndata: {"data":"YWJj"}\ndata: \n\n',
    'id: 3.0\nevent: stdout\ndata: {"data":"YWJ\\u006a"}\n\n',
  ],
  ...[
    'id: 3.0\nevent: stdout\ndata: {"data":"YWJj","more":"YWJj"}\n\n',
    'id: 3.0\nevent: stdout\ndata: {"data":"YWJj"}\nid: 4.0\n\n',
  ],
  ...[
    'retry: 5\n\n',
    'data: {"data":"é"}\n\n',
    'id: 3.0\nevent: stdout\ndata: {"data":""}\n\n',
    'ignored: x\n\n',
    '"}\n\n',
  ],
  ...['id: 3.0\nevent: stdout\ndata: {"data":"YW=j"}\n\n', 'id: 3.0\nevent: stdout\ndata: {"data":"YWJ"}\n\n'],
  ...[
    'id: 3.0\nevent: stdout\ndata: {"data":"Y Jj"}\n\n',
    'id: 3.0\nevent: stdout\ndata: {"data":"===="}\n\n',
    'nonsense\n',
  ],
);

test('whatever comes and wherever it is cut, it gives what the plain decoder gives', async () => {
  const parts = fc.array(fc.oneof({ weight: 3, arbitrary: piece }, { weight: 1, arbitrary: other }), { maxLength: 12 });
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(parts, sizes, async (texts, lengths) => {
      const chunks = cut(new TextEncoder().encode(texts.join('')), lengths);
      expect(await read(chunks, outputDecoder)).toEqual(await read(chunks));
    }),
    { numRuns: 1500 },
  );
});

test('a piece is read from its bytes, at every place that it can be cut in two, and the plain decoder gets none of it', () => {
  const data = Buffer.from(Uint8Array.from({ length: 50_000 }, (_, i) => i * 7));
  const text = `id: 50000.0\nevent: stdout\ndata: {"data":"${data.toString('base64')}"}\n\n`;
  const bytes = new TextEncoder().encode(text.repeat(2));
  const refuse: EventDecoder = () => {
    throw new Error('left to the plain decoder');
  };
  const ends = Array.from({ length: 100 }, (_, i) => [i + 1, text.length - 50 + i, bytes.length - 1 - i]).flat();
  for (const at of ends) {
    const decode = outputDecoder(refuse);
    const seen: EventMessage[] = [...decode(bytes.slice(0, at)), ...decode(bytes.slice(at))];
    expect(seen.map(({ id, event }) => [id, event])).toEqual(Array(2).fill(['50000.0', 'stdout']));
    for (const { value } of seen) expect(data.equals(value instanceof Uint8Array ? value : Buffer.alloc(0))).toBe(true);
  }
});

test('base64 that is wrong deep within a long piece is an error', async () => {
  const good = Buffer.alloc(65_535, 'x').toString('base64');
  for (const [at, wrong] of [
    [40_000, '='],
    [32_767, ' '],
    [0, '*'],
    [good.length - 1, '\u0000'],
  ] as const) {
    const bad = good.slice(0, at) + wrong + good.slice(at + 1);
    const text = `id: 65535.0\nevent: stdout\ndata: {"data":"${bad}"}\n\n`;
    expect(await read([new TextEncoder().encode(text)], outputDecoder)).toEqual(['schema']);
  }
});

test('an event without an end is an error once it is longer than 16 MiB, and is not kept', async () => {
  const part = new TextEncoder().encode('YWJj'.repeat(2 ** 18));
  const chunks = [
    new TextEncoder().encode('id: 3.0\nevent: stdout\ndata: {"data":"'),
    ...Array<typeof part>(40).fill(part),
  ];
  let taken = 0;
  const decode = (plain: EventDecoder): EventDecoder => {
    const decoded = outputDecoder(plain);
    return (bytes) => {
      taken++;
      return decoded(bytes);
    };
  };
  expect(await read(chunks, decode)).toEqual(['schema']);
  expect(taken).toBeLessThan(20);
});
