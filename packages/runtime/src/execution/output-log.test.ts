import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OutputChunk, OutputTruncatedError } from 'boxlite/backend';
import fc from 'fast-check';
import { afterAll, expect, test, vi } from 'vitest';
import { takeMemory } from '../guest/given-memory.ts';
import { readLog } from './log-reader.ts';
import { OutputLog } from './output-log.ts';

const dir = mkdtempSync(join(tmpdir(), 'boxlite-log-'));
let made = 0;
const freshPath = (): string => join(dir, `${made++}.log`);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const unlimited = Number.MAX_SAFE_INTEGER;
const pieces = fc.array(
  fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), data: fc.uint8Array({ maxLength: 40 }) }),
  { maxLength: 30 },
);

async function read(
  log: OutputLog,
  from?: { stdout: number; stderr: number },
): Promise<{ stdout: Buffer; stderr: Buffer; order: string }> {
  const parts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  let order = '';
  for await (const { stream, data, offset } of readLog(log, from)) {
    const before = parts[stream].reduce((sum, part) => sum + part.length, from?.[stream] ?? 0);
    expect(offset).toBe(before);
    parts[stream].push(data);
    order += `${stream}:${Buffer.from(data).toString('hex')} `;
  }
  return { stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr), order };
}

test('long records come in pieces that many readers can afford, from memory and from a recovered file', async () => {
  const log = new OutputLog(freshPath(), unlimited);
  const data = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
  await log.append('stdout', data);
  await log.append('stderr', data.subarray(0, 100_000));
  log.close();
  const recovered = OutputLog.recover(log.path, unlimited);
  recovered.end();
  log.end();
  for (const each of [log, recovered]) {
    const from = { stdout: 123_457, stderr: 1 };
    const rest = await read(each, from);
    expect(rest.stdout.equals(data.subarray(123_457))).toBe(true);
    expect(rest.stderr.equals(data.subarray(1, 100_000))).toBe(true);
    for await (const piece of readLog(each)) expect(piece.data.length).toBeLessThanOrEqual(252 * 1024);
  }
});

test('the more readers there are, of a log or of all logs, the shorter are the pieces of each', async () => {
  const logs = Array.from({ length: 16 }, () => new OutputLog(freshPath(), unlimited));
  for (const log of logs) await log.append('stdout', Buffer.alloc(250_000));
  const [log] = logs;
  if (log === undefined) throw new Error('no log');
  const open: AsyncGenerator<OutputChunk>[] = [];
  const first = async (from: OutputLog): Promise<number | undefined> => {
    const reader = readLog(from);
    open.push(reader);
    return (await reader.next()).value?.data.length;
  };
  const alone: (number | undefined)[] = [];
  for (const one of logs) alone.push(await first(one));
  expect(new Set(alone)).toEqual(new Set([250_000]));
  const another = new OutputLog(freshPath(), unlimited);
  await another.append('stdout', Buffer.alloc(250_000));
  expect(await first(another)).toBe(64 * 1024);
  for (let more = 0; more < 15; more++) expect(await first(log)).toBe(64 * 1024);
  expect(await first(log)).toBe(16 * 1024);
  for (const reader of open) await reader.return(undefined);
  expect(await first(another)).toBe(250_000);
  for (const reader of open) await reader.return(undefined);
  for (const one of [...logs, another]) one.close();
});

test('what was appended is read back from any cursor, in order, from memory and from a recovered file', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(400), fc.nat(400), async (list, stdout, stderr) => {
      const log = new OutputLog(freshPath(), unlimited);
      for (const { stream, data } of list) await log.append(stream, Buffer.from(data));
      log.close();
      const recovered = OutputLog.recover(log.path, unlimited);
      recovered.end();
      log.end();
      const all = (name: 'stdout' | 'stderr'): Buffer =>
        Buffer.concat(list.filter(({ stream }) => stream === name).map(({ data }) => data));
      for (const each of [log, recovered]) {
        const from = { stdout, stderr };
        const rest = await read(each, from);
        expect(rest.stdout).toEqual(all('stdout').subarray(stdout));
        expect(rest.stderr).toEqual(all('stderr').subarray(stderr));
      }
      expect((await read(recovered)).order).toBe((await read(log)).order);
    }),
    { numRuns: 60 },
  );
});

test('a large log, most of it no longer in memory, is read exactly by early and late readers', async () => {
  const log = new OutputLog(freshPath(), unlimited);
  const block = Buffer.alloc(64 * 1024);
  const early = read(log);
  for (let i = 0; i < 100; i++) {
    block.fill(i);
    await log.append(i % 3 === 0 ? 'stderr' : 'stdout', Buffer.from(block));
  }
  const middle = { stdout: 1_000_000, stderr: 500_000 };
  const late = read(log, middle);
  log.end();
  const [first, second] = await Promise.all([early, late]);
  expect(first.stdout.length + first.stderr.length).toBe(100 * block.length);
  expect(second.stdout.equals(first.stdout.subarray(middle.stdout))).toBe(true);
  expect(second.stderr.equals(first.stderr.subarray(middle.stderr))).toBe(true);
});

test('a piece longer than a record is kept whole', async () => {
  const log = new OutputLog(freshPath(), unlimited);
  const big = Buffer.alloc(3 * 1024 * 1024 + 17, 'xyz');
  await log.append('stdout', big);
  log.end();
  expect((await read(log)).stdout.equals(big)).toBe(true);
});

test('a record that a crash cut short is dropped, and what follows is appended after the last whole one', async () => {
  const log = new OutputLog(freshPath(), unlimited);
  await log.append('stdout', Buffer.from('whole'));
  log.close();
  appendFileSync(log.path, Buffer.from([200, 0, 0, 0, 1, 2, 3]));
  const recovered = OutputLog.recover(log.path, unlimited);
  expect(recovered.stdout).toBe(5);
  await recovered.append('stdout', Buffer.from(' again'));
  recovered.end();
  expect((await read(recovered)).stdout.toString()).toBe('whole again');
});

test('a log at its limit is cut, says so to every reader, and grows no more', async () => {
  const log = new OutputLog(freshPath(), 1000);
  for (let i = 0; i < 50; i++) await log.append('stdout', Buffer.alloc(100, i));
  expect(statSync(log.path).size).toBeLessThanOrEqual(1000);
  await expect(read(log)).rejects.toThrow(OutputTruncatedError);
  expect(OutputLog.recover(log.path, 1000).truncated).toMatch(/limit of 1000 bytes/);
});

test('a log on a full disk is cut and says why', async () => {
  const log = new OutputLog('/dev/full', unlimited);
  await log.append('stdout', Buffer.from('lost'));
  log.end();
  await expect(read(log)).rejects.toThrow(/ENOSPC|no space/);
});

test('a cursor beyond the end waits for the end', async () => {
  const log = new OutputLog(freshPath(), unlimited);
  await log.append('stdout', Buffer.from('abc'));
  const beyond = read(log, { stdout: 1e15, stderr: 1e15 });
  await log.append('stdout', Buffer.from('def'));
  log.end();
  expect((await beyond).stdout.length).toBe(0);
});

test('an aborted reader rejects with the reason', async () => {
  const log = new OutputLog(freshPath(), unlimited);
  const controller = new AbortController();
  const reading = (async () => {
    for await (const _ of readLog(log, undefined, controller.signal));
  })();
  const reason = new Error('stop');
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
});

test('who only waits for the end of a log that was cut misses nothing, and gets the end', async () => {
  const log = new OutputLog(freshPath(), 100);
  await log.append('stdout', Buffer.alloc(500));
  log.end();
  const beyond = { stdout: 999_999_999_999_999, stderr: 999_999_999_999_999 };
  expect((await read(log, beyond)).order).toBe('');
  await expect(read(log, { stdout: log.stdout, stderr: 0 })).rejects.toThrow(OutputTruncatedError);
});

test('a log that ends while its last write is under way keeps that write to its own file', async () => {
  const path = freshPath();
  const log = new OutputLog(path, unlimited);
  // After a slow write the log writes from the thread pool.
  const now = vi
    .spyOn(performance, 'now')
    .mockReturnValueOnce(1e9)
    .mockReturnValueOnce(1e9 + 100);
  await log.append('stdout', Buffer.from('first'));
  now.mockReturnValue(1e9 + 200);
  const writing = log.append('stdout', Buffer.from('second'));
  log.end();
  const otherPath = freshPath();
  const other = openSync(otherPath, 'w');
  await writing;
  closeSync(other);
  now.mockRestore();
  expect(statSync(otherPath).size).toBe(0);
  expect(statSync(path).size).toBe(4 + 5 + 4 + 6);
  expect(OutputLog.recover(path, unlimited).stdout).toBe(11);
});

/** A log of so many given pieces, each of its own number, in memory that is to come back or not. */
async function logOfGiven(count: number, waits: boolean): Promise<OutputLog> {
  const log = new OutputLog(freshPath(), unlimited);
  for (let i = 0; i < count; i++) {
    const bytes = takeMemory(longBytes, waits).subarray(0, longBytes).fill(i);
    await log.append('stdout', bytes, true);
  }
  return log;
}

const longBytes = 200_000;
test.each([true, false])(
  'given pieces come from memory and file alike, to one reader and to two (waiting: %s)',
  async (waits) => {
    const log = await logOfGiven(9, waits);
    const wanted = Buffer.concat(Array.from({ length: 9 }, (_, i) => Buffer.alloc(longBytes, i)));
    log.ended = true;
    const both = await Promise.all([read(log), read(log, { stdout: 1_234_567, stderr: 0 })]);
    expect(both[0]?.stdout.equals(wanted)).toBe(true);
    expect(both[1]?.stdout.equals(wanted.subarray(1_234_567))).toBe(true);
    expect((await read(log)).stdout.equals(wanted)).toBe(true);
    log.end();
    expect((await read(log)).stdout.equals(wanted)).toBe(true);
  },
);

test('what a reader does to its chunks, who reads again does not see', async () => {
  const log = await logOfGiven(3, false);
  log.ended = true;
  for await (const { data } of readLog(log)) {
    data.fill(0xff);
    structuredClone(data, { transfer: [data.buffer] });
  }
  const again = await read(log);
  expect(again.stdout.equals(Buffer.concat([0, 1, 2].map((i) => Buffer.alloc(longBytes, i))))).toBe(true);
});
