import { createHash, randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GuestChannel, GuestExit, GuestSink } from './channel.ts';
import { connectGuest } from './connect-guest.ts';
import { nextExecution, plainExec, runGuestCommand } from './guest-command.ts';
import { type GuestProcess, startGuestProcess } from './guest-process.ts';

let guest: GuestProcess;

beforeEach(() => {
  guest = startGuestProcess();
});
afterEach(async () => {
  await guest[Symbol.asyncDispose]();
});

const tag = 'tag-é';

/** Takes output until `limit` more bytes came, then cuts the connection in the middle of whatever is on its way. */
function resumable(hash: { update(bytes: Uint8Array): unknown }, offsets: { stdout: number; stderr: number }) {
  return (channel: () => GuestChannel, limit: number, done: (exit: GuestExit | undefined) => void): GuestSink => {
    let left = limit;
    return {
      data(stream, offset, bytes) {
        expect(offset).toBe(offsets[stream]);
        hash.update(bytes);
        offsets[stream] += bytes.length;
        left -= bytes.length;
        if (left <= 0) channel().close();
      },
      exit: (exit) => done(exit),
      broken: () => done(undefined),
    };
  };
}

test('an execution is gone on with after the connection broke at any moment, without a byte lost or doubled', async () => {
  const size = 30_000_000;
  const want = createHash('sha256');
  const got = createHash('sha256');
  const offsets = { stdout: 0, stderr: 0 };
  const sink = resumable(got, offsets);
  const execution = nextExecution();
  let channel = await connectGuest(guest.socketPath);
  let exit: GuestExit | undefined;
  let connections = 0;
  const step = (begin: (it: GuestSink) => void): Promise<GuestExit | undefined> =>
    new Promise((resolve) => begin(sink(() => channel, Math.floor(Math.random() * 1_500_000), resolve)));
  const argv = ['sh', '-c', `yes "0123456789 a line that is not a power of two" | head -c ${size}`];
  exit = await step((it) => channel.exec(execution, { ...plainExec, tag, argv }, it).catch(() => {}));
  while (!exit) {
    connections += 1;
    channel = await connectGuest(guest.socketPath);
    const row = (await channel.list()).find((each) => each.execution === execution);
    expect(row).toMatchObject({ tag });
    exit = await step((it) => channel.attach(execution, offsets, 0, it));
  }
  want.update(Buffer.from('0123456789 a line that is not a power of two\n'.repeat(size / 45 + 1)).subarray(0, size));
  expect([exit.exitCode, exit.stdoutTotal, offsets.stdout]).toEqual([0, size, size]);
  expect(got.digest('hex')).toBe(want.digest('hex'));
  expect(connections).toBeGreaterThan(5);
  channel.close();
}, 60_000);

test('stdin goes on where the guest had taken it, though the connection broke', async () => {
  const input = randomBytes(3_000_000);
  const execution = nextExecution();
  const parts: Buffer[] = [];
  const offsets = { stdout: 0, stderr: 0 };
  const exited = Promise.withResolvers<GuestExit>();
  const sink: GuestSink = {
    data(stream, _offset, bytes) {
      parts.push(Buffer.from(bytes));
      offsets[stream] += bytes.length;
    },
    exit: exited.resolve,
    broken() {},
  };
  let channel = await connectGuest(guest.socketPath);
  await channel.exec(execution, { ...plainExec, argv: ['cat'] }, sink);
  let taken = 0;
  while (taken < input.length) {
    const end = Math.min(input.length, taken + 400_000);
    await channel.write(execution, input.subarray(taken, end)).catch(() => {});
    channel.close();
    channel = await connectGuest(guest.socketPath);
    const row = (await channel.list()).find((each) => each.execution === execution);
    taken = row?.stdinOffset ?? -1;
    expect(taken).toBeGreaterThanOrEqual(0);
    channel.attach(execution, offsets, taken, sink);
    if (taken === input.length) channel.closeStdin(execution);
  }
  expect((await exited.promise).stdoutTotal).toBe(input.length);
  expect(Buffer.concat(parts).equals(input)).toBe(true);
  channel.close();
});

test('the exit waits for whoever comes next, and comes again until it is acknowledged', async () => {
  let channel = await connectGuest(guest.socketPath);
  const execution = nextExecution();
  const argv = ['sh', '-c', 'read line; echo x; exit 9'];
  await channel.exec(execution, { ...plainExec, argv }, { data() {}, exit() {}, broken() {} });
  await channel.write(execution, Buffer.from('go\n'));
  channel.close();
  for (const accept of [false, true]) {
    channel = await connectGuest(guest.socketPath);
    while ((await channel.list()).some((row) => row.running)) await channel.ping();
    const exit = await new Promise<GuestExit>((resolve) => {
      channel.attach(execution, { stdout: accept ? 2 : 0, stderr: 0 }, 3, {
        data() {},
        exit(it) {
          resolve(it);
          return accept ? undefined : new Promise(() => {});
        },
        broken() {},
      });
    });
    expect([exit.exitCode, exit.stdoutTotal]).toEqual([9, 2]);
    expect((await channel.list()).length).toBe(accept ? 0 : 1);
    channel.close();
  }
});

test('attaching to an execution that is not known breaks its sink with execution_lost', async () => {
  const channel = await connectGuest(guest.socketPath);
  const error = await new Promise((resolve) => {
    channel.attach(77777, { stdout: 0, stderr: 0 }, 0, { data() {}, exit() {}, broken: resolve });
  });
  expect(error).toMatchObject({ code: 'execution_lost' });
  await channel.ping();
  channel.close();
});

test('a new connection replaces the old one', async () => {
  const old = await connectGuest(guest.socketPath);
  const next = await connectGuest(guest.socketPath);
  expect((await old.closed)?.message).toBe('the box ended its channel');
  expect(next.bootId).toBe(old.bootId);
  await next.ping();
  next.close();
  expect(await next.closed).toBeUndefined();
});

test('shutdown ends every process and the guest, which still tells how its executions ended', async () => {
  const channel = await connectGuest(guest.socketPath);
  const ready = Promise.withResolvers<void>();
  const stubborn = ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'];
  const ends = [
    runGuestCommand(channel, ['sleep', '100']),
    runGuestCommand(channel, stubborn, { onData: () => ready.resolve() }),
  ];
  await ready.promise;
  channel.shutdown(300);
  expect((await Promise.all(ends)).map((end) => end.signal)).toEqual([15, 9]);
  expect(await guest.ended).toBe(0);
  expect(await channel.closed).toBeUndefined();
});

test('random bytes from the peer end its connection and nothing else', async () => {
  const first = await connectGuest(guest.socketPath);
  const execution = nextExecution();
  await first.exec(execution, { ...plainExec, argv: ['sleep', '100'] }, { data() {}, exit() {}, broken() {} });
  first.close();
  for (let round = 0; round < 300; round++) {
    const socket = createConnection(guest.socketPath);
    const bytes = randomBytes(200);
    for (let at = 0; at + 9 < 200 && round % 2 === 0; at += 9 + bytes.readUInt32LE(at)) {
      bytes.writeUInt32LE(round % 4 === 0 ? 4 + (round % 30) : round % 20, at);
      bytes.writeUInt32LE(round % 3 === 0 ? 0 : round % 3 === 1 ? execution : 4_000_000 + round, at + 4);
      bytes.writeUInt8(1 + (bytes.readUInt8(at + 8) % 11), at + 8);
    }
    socket.on('error', () => {});
    socket.resume();
    await new Promise((resolve) => socket.once('connect', resolve));
    await new Promise((resolve) => socket.end(bytes, () => resolve(undefined)));
    await new Promise((resolve) => {
      if (socket.closed) resolve(undefined);
      else socket.once('close', resolve);
    });
  }
  const channel = await connectGuest(guest.socketPath);
  expect((await runGuestCommand(channel, ['echo', 'alive'])).stdout.toString()).toBe('alive\n');
  channel.close();
});

test('an attached guest ends with its connection', async () => {
  const attached = startGuestProcess('--attached');
  const channel = await connectGuest(attached.socketPath);
  runGuestCommand(channel, ['sleep', '100']).catch(() => {});
  channel.close();
  expect(await attached.ended).toBe(0);
  await attached[Symbol.asyncDispose]();
});

test('a process of the box cannot take the channel over', async () => {
  const channel = await connectGuest(guest.socketPath);
  const script = `import socket,sys
s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(len(s.recv(100)))`;
  const result = await runGuestCommand(channel, ['python3', '-c', script, guest.socketPath]);
  expect(result.stdout.toString() + result.stderr.toString()).toMatch(/^0\n|ConnectionReset/);
  await channel.ping();
  channel.close();
});
