import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { writeQueue } from './write-queue.ts';

test('a write that insists is made as soon as the store can take it again', async () => {
  vi.useFakeTimers();
  try {
    const database = new DatabaseSync(':memory:');
    const { insist } = writeQueue(database);
    let full = true;
    let done = false;
    const write = (): void => {
      if (full) throw new Error('database or disk is full');
      database.exec('CREATE TABLE t (x)');
    };
    insist(write).then(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(3000);
    expect(done).toBe(false);
    full = false;
    await vi.advanceTimersByTimeAsync(1500);
    expect(done).toBe(true);
    expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 });
  } finally {
    vi.useRealTimers();
  }
});

test('a write that comes after the store was closed is refused, and ends no process', async () => {
  const database = new DatabaseSync(':memory:');
  const { add, insist } = writeQueue(database);
  database.close();
  await expect(add(() => {})).rejects.toThrow('not open');
  await expect(insist(() => {})).rejects.toThrow('not open');
});
