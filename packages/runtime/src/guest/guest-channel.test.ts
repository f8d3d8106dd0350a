import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GuestChannel } from './channel.ts';
import { connectGuest } from './connect-guest.ts';
import { frame, numberFrame } from './frame-encoder.ts';
import { reply } from './frame-type.ts';
import { plainExec } from './guest-command.ts';
import { startGuestProcess } from './guest-process.ts';

let folder: string;
let server: Server;
let path: string;
let peers: Socket[];
let peer: PromiseWithResolvers<Socket>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'boxlite-channel-'));
  path = join(folder, 's');
  peers = [];
  peer = Promise.withResolvers();
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    peers.push(socket);
    peer.resolve(socket);
    const hello = frame(reply.hello, 0, 12).fill(0, 9);
    hello.writeUInt32LE(1, 9);
    socket.write(hello);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
});
afterEach(async () => {
  for (const socket of peers) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function payloadFrame(type: number, execution: number, payload: Uint8Array): Buffer {
  const bytes = frame(type, execution, payload.length);
  bytes.set(payload, 9);
  return bytes;
}

function output(type: number, execution: number, offset: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(offset));
  return payloadFrame(type, execution, Buffer.concat([head, bytes]));
}

function exit(execution: number, stdoutTotal: number): Buffer {
  const payload = Buffer.alloc(57);
  payload.writeBigUInt64LE(BigInt(stdoutTotal), 9);
  return payloadFrame(reply.exit, execution, payload);
}

const started = (execution: number): Buffer => numberFrame(reply.started, execution, 5);
const ten = Buffer.alloc(10);
const offset = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

/** Starts execution 1 against frames that a hostile guest sends; why the channel ended, and what its sink heard. */
async function answer(channel: GuestChannel, ...frames: Buffer[]): Promise<{ reason: string; broken: string }> {
  const broken = Promise.withResolvers<string>();
  channel
    .exec(1, { ...plainExec }, { data() {}, exit() {}, broken: (error) => broken.resolve(error.message) })
    .catch(() => {});
  (await peer.promise).write(Buffer.concat(frames));
  const reason = await channel.closed;
  return { reason: reason?.message ?? 'none', broken: await broken.promise };
}

test.each<[string, Buffer[], RegExp]>([
  ['output that jumps', [started(1), output(68, 1, 5, ten)], /stdout of execution 1 jumped from 0 to 5/],
  ['output that repeats', [started(1), output(69, 1, 0, ten), output(69, 1, 5, ten)], /jumped from 10 to 5/],
  ['output before the start', [output(68, 1, 0, ten)], /before execution 1 started/],
  ['output of a stranger', [output(68, 9, 0, ten)], /not asked for: 9/],
  ['an exit before the start', [exit(1, 0)], /before execution 1 started/],
  ['an exit with other totals', [started(1), output(68, 1, 0, ten), exit(1, 11)], /ended at 11, but 10 bytes came/],
  ['a second start', [started(1), started(1)], /started twice/],
  ['an offset beyond all numbers', [started(1), output(68, 1, 2 ** 60, ten)], /2\^53/],
  ['a second hello', [frame(reply.hello, 0, 12)], /out of place/],
  ['a pong for nobody', [frame(reply.pong, 0, 4)], /PONG/],
  ['a list for nobody', [payloadFrame(reply.listed, 0, Buffer.alloc(4))], /LISTED/],
  ['credit beyond what was sent', [started(1), payloadFrame(reply.stdinCredit, 1, offset(1))], /stdin credit/],
  [
    'a refusal to attach what was only started',
    [payloadFrame(reply.refused, 1, Buffer.from([8, 0, 0, 0, 0]))],
    /refused/,
  ],
  ['an exit that is cut', [started(1), frame(reply.exit, 1, 20)], /EXIT of 20 bytes/],
  ['a frame that is too long', [Buffer.from([255, 255, 255, 255, 0, 0, 0, 0, 68])], /4294967295/],
])('%s breaks the channel and the sink hears it', async (_name, frames, why) => {
  const channel = await connectGuest(path);
  const { reason, broken } = await answer(channel, ...frames);
  expect(reason).toMatch(/^the box broke its channel: /);
  expect(reason).toMatch(why);
  expect(broken).toBe(reason);
  await expect(channel.ping()).rejects.toThrow(reason);
  expect(() => channel.attach(2, { stdout: 0, stderr: 0 }, 0, { data() {}, exit() {}, broken() {} })).toThrow(reason);
});

test('a box that leaves a question unanswered loses its channel', async () => {
  const channel = await connectGuest(path);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const listed = channel.list();
    vi.advanceTimersByTime(30_000);
    await expect(listed).rejects.toThrow('the box broke its channel: no answer within 30000 ms');
  } finally {
    vi.useRealTimers();
  }
});

test('what waits to be written to a program that cannot be started fails with it', async () => {
  const channel = await connectGuest(path);
  const execution = channel.exec(1, plainExec, { data() {}, exit() {}, broken() {} });
  const written = channel.write(1, new Uint8Array(1024 * 1024));
  const failed = Buffer.concat([Buffer.alloc(4), Buffer.from([2, 0, 0, 0]), Buffer.from('no')]);
  (await peer.promise).write(payloadFrame(reply.failed, 1, failed));
  await expect(execution).rejects.toThrow('no');
  await expect(written).rejects.toThrow('no');
  channel.close();
});

test('output past its credit breaks the channel though its sink is slow', async () => {
  const channel = await connectGuest(path);
  const broken = Promise.withResolvers<Error>();
  const forever = new Promise<void>(() => {});
  channel.exec(1, plainExec, { data: () => forever, exit() {}, broken: broken.resolve }).catch(() => {});
  const socket = await peer.promise;
  socket.write(started(1));
  const block = Buffer.alloc(100_000);
  for (let i = 0; i < 11; i++) socket.write(output(68, 1, i * block.length, block));
  expect((await broken.promise).message).toMatch(/ran past its credit/);
});

test('random frames never do more than break the channel', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          type: fc.integer({ min: 64, max: 76 }),
          execution: fc.integer({ min: 0, max: 2 }),
          payload: fc.oneof(
            fc.uint8Array({ maxLength: 70 }),
            fc.integer({ min: 8, max: 60 }).map((length) => new Uint8Array(length)),
          ),
        }),
        { maxLength: 10 },
      ),
      async (frames) => {
        peer = Promise.withResolvers();
        const channel = await connectGuest(path);
        const broken = Promise.withResolvers<void>();
        let exited = false;
        const heard = {
          data() {},
          exit() {
            exited = true;
            broken.resolve();
          },
          broken: () => broken.resolve(),
        };
        channel.exec(1, plainExec, heard).catch(() => broken.resolve());
        channel.list().catch(() => {});
        const socket = await peer.promise;
        for (const { type, execution, payload } of frames) socket.write(payloadFrame(type, execution, payload));
        socket.end();
        await broken.promise;
        expect((await channel.closed) instanceof Error || exited).toBe(true);
      },
    ),
    { numRuns: 150 },
  );
});

test('a sink that throws ends the channel with its error, and acknowledges nothing', async () => {
  const channel = await connectGuest(path);
  const fail = (): void => {
    throw new Error('disk full');
  };
  channel.exec(1, plainExec, { data: fail, exit() {}, broken() {} }).catch(() => {});
  (await peer.promise).write(Buffer.concat([started(1), output(68, 1, 0, ten)]));
  expect((await channel.closed)?.message).toBe('disk full');
});

test('a command that is too large is refused before anything is sent', async () => {
  const channel = await connectGuest(path);
  const argv = ['echo', 'x'.repeat(1_100_000)];
  await expect(channel.exec(1, { ...plainExec, argv }, { data() {}, exit() {}, broken() {} })).rejects.toMatchObject({
    code: 'invalid_argument',
  });
  channel.close();
});

test('a guest that does not listen in time is an engine error that names the socket', async () => {
  await expect(connectGuest(join(folder, 'none'), { timeoutMs: 30 })).rejects.toMatchObject({
    code: 'engine_failed',
    message: expect.stringContaining('none'),
  });
});

test('a guest that says nothing is an engine error', async () => {
  const mute = createServer((socket) => peers.push(socket));
  await new Promise<void>((resolve) => mute.listen(join(folder, 'mute'), resolve));
  await expect(connectGuest(join(folder, 'mute'), { timeoutMs: 50 })).rejects.toThrow(/no hello/);
  for (const socket of peers) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));
});

test('a socket path longer than an address is reached', async () => {
  await using guest = startGuestProcess();
  const deep = join(guest.folder, 'd'.repeat(100), 'e'.repeat(100));
  mkdirSync(deep, { recursive: true });
  const { linkSync } = await import('node:fs');
  const first = await connectGuest(guest.socketPath);
  linkSync(guest.socketPath, join(deep, 'guest.sock'));
  const channel = await connectGuest(join(deep, 'guest.sock'));
  expect(channel.bootId).toBe(first.bootId);
  channel.close();
});
