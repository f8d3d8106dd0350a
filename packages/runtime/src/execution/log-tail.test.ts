import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogTail } from './log-tail.ts';
import { SharedPieces } from './shared-pieces.ts';

const most = 4096;

test('what a tail still has is what was pushed, whatever the sizes, and it is the newest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(most), { maxLength: 60 }), fc.nat(most), (sizes, kept) => {
      const tail = new LogTail(most, new SharedPieces(() => true));
      const pushed: { position: number; data: Buffer; stream: 'stdout' | 'stderr' }[] = [];
      let position = 0;
      for (const [i, size] of sizes.entries()) {
        const data = Buffer.alloc(size + 1, i);
        const stream = i % 3 === 0 ? 'stderr' : 'stdout';
        tail.push(stream, position * 2, position, data, position + 4);
        pushed.push({ position, data, stream });
        position += 4 + data.length;
      }
      const held = (): number => {
        let missing = 0;
        for (const [i, { position, data, stream }] of pushed.entries()) {
          const found = tail.at(position);
          if (!found) missing = i + 1;
          else {
            expect(found).toEqual({
              stream,
              offset: position * 2,
              position,
              start: position + 4,
              length: data.length,
              data,
            });
            const part = tail.at(position, data.length >> 1, 10);
            expect(part?.data).toEqual(data.subarray(data.length >> 1).subarray(0, 10));
          }
        }
        for (const { position } of pushed.slice(missing)) expect(tail.at(position)).toBeDefined();
        for (const { position } of pushed.slice(0, missing)) expect(tail.at(position)).toBeUndefined();
        return pushed.slice(missing).reduce((sum, { data }) => sum + data.length, 0);
      };
      expect(held()).toBeLessThanOrEqual(most);
      tail.keepLast(kept);
      expect(held()).toBeLessThanOrEqual(kept);
    }),
  );
});

test('a chunk taken from a tail stays as it is while the tail goes on', () => {
  const tail = new LogTail(most, new SharedPieces(() => true));
  tail.push('stdout', 0, 0, Buffer.alloc(1000, 1), 4);
  const taken = tail.at(0);
  for (let i = 1; i < 50; i++) tail.push('stdout', i * 1000, i * 1004, Buffer.alloc(1000, 2), i * 1004 + 4);
  expect(taken?.data).toEqual(Buffer.alloc(1000, 1));
});
