import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readLog } from './log-reader.ts';
import { OutputLog } from './output-log.ts';

const dir = mkdtempSync(join(tmpdir(), 'boxlite-log-'));
let made = 0;
const freshPath = (): string => join(dir, `${made++}.log`);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const unlimited = Number.MAX_SAFE_INTEGER;
const longBytes = 200_000;
const long = (fill: number): Buffer => Buffer.alloc(longBytes, fill);

async function read(log: OutputLog): Promise<{ stdout: Buffer; stderr: Buffer }> {
  const parts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const { stream, data } of readLog(log)) parts[stream].push(data);
  return { stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) };
}

test('a long record begins at a whole page, and wherever a crash cut the file, the records before are whole and more can follow', async () => {
  const log = new OutputLog(freshPath(), unlimited);
  const written = [Buffer.from('a'), long(1), Buffer.from('bc'), long(2), long(3), Buffer.alloc(131_071, 4)];
  const ends: number[] = [];
  for (const [i, data] of written.entries()) {
    await log.append(i % 2 ? 'stderr' : 'stdout', data);
    ends.push(statSync(log.path).size);
  }
  log.close();
  expect(ends.slice(0, 2)).toEqual([5, 4096 + longBytes]);
  const whole = readFileSync(log.path);
  for (const [i, end] of ends.entries()) {
    const begin = ends[i - 1] ?? 0;
    for (const cut of [begin, begin + 1, begin + 4, begin + 5, begin + 4096, end - 1].filter((at) => at < end)) {
      writeFileSync(log.path, whole.subarray(0, cut));
      const recovered = OutputLog.recover(log.path, unlimited);
      expect(statSync(log.path).size).toBe(begin);
      await recovered.append('stdout', long(9));
      recovered.end();
      const before = written.slice(0, i);
      const { stdout, stderr } = await read(recovered);
      expect(stdout.equals(Buffer.concat([...before.filter((_, at) => at % 2 === 0), long(9)]))).toBe(true);
      expect(stderr.equals(Buffer.concat(before.filter((_, at) => at % 2 === 1)))).toBe(true);
    }
  }
});

test('a log in which long records begin anywhere, as former versions wrote them, is read and goes on', async () => {
  const path = freshPath();
  const header = Buffer.alloc(4);
  header.writeUInt32LE(longBytes);
  writeFileSync(path, Buffer.concat([header, long(1), header, long(2)]));
  const log = OutputLog.recover(path, unlimited);
  await log.append('stdout', long(3));
  log.end();
  expect((await read(log)).stdout.equals(Buffer.concat([long(1), long(2), long(3)]))).toBe(true);
});

test.each([0, 1, 3000, 4091])(
  'a long record that fits below the limit with %i bytes to spare is kept whole',
  async (spare) => {
    const limit = 5 + 4 + longBytes + spare;
    const log = new OutputLog(freshPath(), limit);
    await log.append('stdout', Buffer.from('a'));
    await log.append('stdout', long(1));
    expect(log.truncated).toBeUndefined();
    expect(statSync(log.path).size).toBeLessThanOrEqual(limit);
    log.end();
    expect((await read(log)).stdout.equals(Buffer.concat([Buffer.from('a'), long(1)]))).toBe(true);
  },
);
