import { expect, test } from 'vitest';
import { SharedPieces } from './shared-pieces.ts';

test('what several want at the same time is read once, and a read that failed is tried again', async () => {
  const shared = new SharedPieces(() => true);
  const reading = Promise.withResolvers<Buffer>();
  let reads = 0;
  const read = (): Promise<Buffer> => {
    reads++;
    return reading.promise;
  };
  const asked = [shared.read(4, 3, read), shared.read(4, 3, read), shared.read(4, 3, read)];
  const piece = Buffer.from('abc');
  reading.resolve(piece);
  for (const one of await Promise.all(asked)) expect(one).toBe(piece);
  expect(reads).toBe(1);
  expect(shared.get(4, 3)).toBe(piece);
  expect(shared.get(4, 2)).toBeUndefined();

  await expect(shared.read(9, 3, () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO');
  expect(await shared.read(9, 3, async () => piece)).toBe(piece);
});

test('who reads alone shares nothing', async () => {
  const alone = new SharedPieces(() => false);
  const own = await alone.read(4, 3, async () => Buffer.from('abc'));
  expect(await alone.read(4, 3, async () => Buffer.from('abc'))).not.toBe(own);
  expect(alone.get(4, 3)).toBeUndefined();
});
