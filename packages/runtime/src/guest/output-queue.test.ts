import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOutputQueue } from './output-queue.ts';

const piece = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  given: fc.boolean(),
});

test('every stream comes out whole and in order, and both in the order they came in', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 100 }), (pieces) => {
      const queue = createOutputQueue();
      const offsets = { stdout: 0, stderr: 0 };
      const want: string[] = [];
      for (const { stream, bytes, given } of pieces) {
        queue.add(stream, offsets[stream], Buffer.from(bytes), given);
        offsets[stream] += bytes.length;
        for (const byte of bytes) want.push(`${stream} ${byte}`);
      }
      const got: string[] = [];
      const next = { stdout: 0, stderr: 0 };
      for (let item = queue.take(); item; item = queue.take()) {
        expect(item.offset).toBe(next[item.stream]);
        next[item.stream] += item.bytes.length;
        for (const byte of item.bytes) got.push(`${item.stream} ${byte}`);
      }
      expect(got).toEqual(want);
      expect(queue.take()).toBeUndefined();
    }),
  );
});

test('a million single bytes that keep changing between the streams take little memory and stay whole', () => {
  const queue = createOutputQueue();
  for (let i = 0; i < 500_000; i++) {
    queue.add('stdout', i, Buffer.of(i), false);
    queue.add('stderr', i, Buffer.of(i + 1), false);
  }
  let blocks = 0;
  const next = { stdout: 0, stderr: 0 };
  for (let item = queue.take(); item; item = queue.take()) {
    blocks += 1;
    expect(item.offset).toBe(next[item.stream]);
    next[item.stream] += item.bytes.length;
  }
  expect(next).toEqual({ stdout: 500_000, stderr: 500_000 });
  expect(blocks).toBeLessThan(300);
});

test('small pieces of one stream come out as a few large ones', () => {
  const queue = createOutputQueue();
  for (let i = 0; i < 256; i++) queue.add('stdout', i * 1024, Buffer.alloc(1024), false);
  let calls = 0;
  while (queue.take()) calls += 1;
  expect(calls).toBeLessThanOrEqual(6);
});
