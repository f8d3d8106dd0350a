import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { NetworkError } from '../errors.ts';
import { joinConnections } from './join.ts';
import { type TunnelEnd, tunnelEnd, tunnelWindowBytes } from './tunnel-end.ts';

/** Two ends whose messages reach each other a turn later, in order, as over a socket. */
function pair(): { readonly a: TunnelEnd; readonly b: TunnelEnd; readonly codes: number[]; readonly sent: number[] } {
  const codes: number[] = [];
  const sent: number[] = [];
  let order = Promise.resolve();
  const later = (work: () => void): void => {
    order = order.then(() => turn()).then(work);
  };
  const wire = (other: () => TunnelEnd): Parameters<typeof tunnelEnd>[0] => ({
    send: (data) => {
      sent.push(data.length);
      later(() => other().receive(data));
    },
    close: (code) => {
      codes.push(code);
      later(() => other().lost(new Error(`closed with ${code}`)));
    },
  });
  const a: TunnelEnd = tunnelEnd(wire(() => b));
  const b: TunnelEnd = tunnelEnd(wire(() => a));
  return { a, b, codes, sent };
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
}

async function send(end: TunnelEnd, bytes: Uint8Array): Promise<void> {
  const writer = end.connection.writable.getWriter();
  for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000));
  await writer.close();
}

const collected = async (end: TunnelEnd): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(end.connection.readable));

test('carries bytes both ways at once, and closes with 1000 when both directions have ended', async () => {
  const { a, b, codes } = pair();
  const bytes = pattern(3_000_000);
  const [, , atA, atB] = await Promise.all([send(a, bytes), send(b, bytes), collected(a), collected(b)]);
  expect(atA.equals(bytes)).toBe(true);
  expect(atB.equals(bytes)).toBe(true);
  expect(codes).toContain(1000);
});

test('a reader that does not read holds the writer back at the window, and loses nothing', async () => {
  const { a, b, sent } = pair();
  const bytes = pattern(3 * tunnelWindowBytes);
  const sending = send(a, bytes);
  const total = (): number => sent.reduce((sum, length) => sum + length, 0);
  while (total() < tunnelWindowBytes) await turn();
  for (let i = 0; i < 100; i++) await turn();
  expect(total()).toBe(tunnelWindowBytes);
  const [received] = await Promise.all([collected(b), sending]);
  expect(received.equals(bytes)).toBe(true);
});

test('a side that has ended goes on to receive', async () => {
  const { a, b } = pair();
  await send(a, pattern(10));
  expect(await collected(b)).toHaveLength(10);
  await send(b, pattern(2_000_000).subarray(0, 1000));
  expect(await collected(a)).toHaveLength(1000);
});

test('what was sent before the end is there after the socket is closed', async () => {
  const { a, b } = pair();
  await Promise.all([send(a, pattern(500_000)), send(b, pattern(500_000))]);
  for (let i = 0; i < 50; i++) await turn();
  expect(await collected(a)).toHaveLength(500_000);
  expect(await collected(b)).toHaveLength(500_000);
});

test('a socket that closes before the end breaks the readable and the writable with a NetworkError', async () => {
  const { a } = pair();
  const reading = collected(a);
  a.lost(new Error('gone'));
  await expect(reading).rejects.toThrow(NetworkError);
  await expect(a.connection.writable.getWriter().closed).rejects.toThrow(/gone/);
});

test('a writer that waits for room is let go when it aborts', async () => {
  const { a, codes } = pair();
  const writer = a.connection.writable.getWriter();
  const writing = writer.write(pattern(2 * tunnelWindowBytes));
  await turn();
  await Promise.allSettled([writer.abort(new Error('enough')), writing]);
  expect(codes).toEqual([1011]);
});

test('a reader that cancels leaves the other direction open', async () => {
  const { a, b } = pair();
  await a.connection.readable.cancel();
  const [, received] = await Promise.all([send(b, pattern(2_500_000)), collected(b), send(a, pattern(70_000))]);
  expect(received).toHaveLength(70_000);
});

test.each([
  ['text that is no JSON', 'hello'],
  ['a message of another protocol', '{"type":"resize"}'],
  ['room for less than nothing', '{"type":"taken","bytes":-1}'],
  ['room for a fraction', '{"type":"taken","bytes":0.5}'],
  ['room that was never used', '{"type":"taken","bytes":1}'],
  ['more than the window', new Uint8Array(tunnelWindowBytes + 1)],
])('an end that gets %s closes', async (_, message) => {
  const codes: number[] = [];
  const end = tunnelEnd({ send: () => {}, close: (code) => codes.push(code) });
  end.receive(message);
  expect(codes).toHaveLength(1);
  expect(codes[0]).toBeGreaterThan(1000);
  await expect(end.connection.readable.getReader().read()).rejects.toThrow('the other end');
});

test('a hundred thousand messages of one byte are kept as a few hundred pieces', async () => {
  const end = tunnelEnd({ send: () => {}, close: () => {} });
  for (let i = 0; i < 100_000; i++) end.receive(new Uint8Array([i % 256]));
  end.receive('{"type":"end"}');
  const pieces = await Array.fromAsync(end.connection.readable);
  expect(pieces.length).toBeLessThan(300);
  expect(Buffer.concat(pieces)).toHaveLength(100_000);
});

test('joined connections end together when one breaks', async () => {
  const [near, far] = [pair(), pair()];
  const joining = joinConnections(near.b.connection, far.a.connection);
  const reading = collected(far.b);
  near.a.lost(new Error('gone'));
  near.b.lost(new Error('gone'));
  await joining;
  await expect(reading).rejects.toThrow(NetworkError);
});
