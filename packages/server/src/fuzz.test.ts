import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { errorResponse, operations, read } from '@boxlite/api';
import { expect, test } from 'vitest';
import { readContract } from './testing/fuzz/contract.ts';
import { type Random, seeded } from './testing/fuzz/random.ts';
import { type GeneratedRequest, generate } from './testing/fuzz/requests.ts';
import { asRequest, tidied } from './testing/fuzz/sent.ts';
import { liveServer } from './testing/live-server.ts';
import { testServer } from './testing/test-server.ts';

/** How many requests; BOXLITE_FUZZ=20000 is the bar, what is less is for every run of the tests. */
const total = Number(process.env['BOXLITE_FUZZ'] ?? 8000);
const seed = Number(process.env['BOXLITE_FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const overSockets = Math.ceil(total / 20);
const flatBytes = 32 * 1024 * 1024;

const contract = readContract();
setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** What the process holds, without what is garbage: also that of which others are only told after a while. */
async function liveBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    if (typeof collectGarbage === 'function') collectGarbage();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Requests of one operation after the other, each different. */
function* requests(count: number, random: Random): Generator<GeneratedRequest> {
  for (let i = 0; i < count; i++) {
    const operation = contract.operations[i % contract.operations.length];
    if (operation) yield generate(operation, contract, random);
  }
}

const told = ({ body, ...request }: GeneratedRequest): string =>
  `seed ${seed}: ${JSON.stringify(request)} ${body?.subarray(0, 500).toString('latin1') ?? ''}`;

test('the fuzz knows every operation', () => {
  expect(contract.operations.map(({ operationId }) => operationId).toSorted()).toEqual(
    operations.map(({ operationId }) => operationId).toSorted(),
  );
});

test(`${total} requests made from the contract: no 5xx, every refusal in the envelope, memory flat`, {
  timeout: 600_000,
}, async () => {
  const { app, backend } = testServer({ log: () => {} });
  const statuses = new Map<number, number>();
  let early = 0;
  let at = 0;
  const began = performance.now();
  for (const generated of requests(total, seeded(seed))) {
    if (++at === Math.ceil(total / 4)) {
      backend.forget();
      early = await liveBytes();
    }
    await tidied(backend, at);
    const request = asRequest(generated);
    if (!request) continue;
    const response = await app.fetch(request);
    const { status, headers } = response;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 500) expect.fail(`${status}: ${told(generated)}`);
    if (!headers.get('x-request-id')) expect.fail(`no request id: ${told(generated)}`);
    if (status < 400 || generated.method === 'HEAD') await response.body?.cancel();
    else {
      const { code, request_id } = read(errorResponse, await response.json()).error;
      const whole = typeof code === 'string' ? request_id === headers.get('x-request-id') : code === status;
      if (!whole) expect.fail(`${status} without the envelope: ${told(generated)}`);
    }
  }
  backend.forget();
  const grown = (await liveBytes()) - early;
  const seconds = (performance.now() - began) / 1000;
  const seen = Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b));
  console.log(
    `${at} requests in ${seconds.toFixed(1)} s, seed ${seed}, ${(grown / 2 ** 20).toFixed(1)} MiB more:`,
    seen,
  );
  expect(grown).toBeLessThan(flatBytes);
  // Most of it gets somewhere: a fuzz whose requests are all refused at the door tests the door.
  expect((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0) + (statuses.get(204) ?? 0)).toBeGreaterThan(total / 10);
});

test(`${overSockets} of them over sockets, some cut off: the server answers in the envelope or not at all, and lives`, {
  timeout: 300_000,
}, async () => {
  const server = await liveServer({ log: () => {} });
  const random = seeded(seed + 1);
  const waiting = [...requests(overSockets, random)];
  const worker = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      await tidied(server.backend, waiting.length);
      const raw = await answerTo(next, server.listening.port);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(raw)?.[1] ?? 0);
      if (raw !== '' && (status < 100 || status >= 500)) expect.fail(`${raw.slice(0, 300)} for ${told(next)}`);
      const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
      if (status >= 400 && body !== '' && errorResponse['~standard'].validate(JSON.parse(body)).issues) {
        expect.fail(`${status} without the envelope: ${told(next)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  expect((await server.call('GET', '/health')).status).toBe(200);
});

/** Writes a request as bytes, of a truncated body only a part of what its head promises; all that comes back. */
function answerTo({ method, target, headers, body, fault }: GeneratedRequest, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1');
  let received = '';
  const [length, chunked] = [body?.length ?? 0, fault === 'truncated body' && (body?.length ?? 0) % 2 === 1];
  const promised = fault === 'truncated body' ? length + 10 : length;
  const lines = Object.entries({
    ...headers,
    host: 'server',
    connection: 'close',
    ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${promised}` }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.setEncoding('latin1').on('data', (piece) => {
    received += piece;
    // Streams go on for ever.
    if (/content-type: text\/event-stream/i.test(received)) socket.destroy();
  });
  socket.on('error', () => {}).once('close', () => resolve(received));
  socket.write(`${method} ${target.replaceAll(/[^\x21-\x7e]/g, '%')} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  if (chunked) socket.write(`${(length + 5).toString(16)}\r\n`);
  if (body) socket.write(body);
  if (fault === 'truncated body') socket.end();
  return promise;
}
