import { InternalError } from 'boxlite/backend';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerReader, type HostAnswer } from './answer.ts';

function frame(id: number, type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(payload.length);
  head.writeUInt32LE(id, 4);
  head.writeUInt8(type, 8);
  return Buffer.concat([head, payload]);
}

test('reads the same answers however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 300 })), { maxLength: 10 }),
      fc.integer({ min: 1, max: 40 }),
      (frames, step) => {
        const bytes = Buffer.concat(frames.map(([id, payload]) => frame(id, 66, Buffer.from(payload))));
        const seen: [number, HostAnswer][] = [];
        const read = answerReader((id, answer) => seen.push([id, answer]));
        for (let at = 0; at < bytes.length; at += step) read(bytes.subarray(at, at + step));
        expect(seen).toEqual(frames.map(([id, payload]) => [id, { kind: 'done', payload: Buffer.from(payload) }]));
      },
    ),
  );
});

test('refuses any malformed answer with an InternalError and nothing else', () => {
  fc.assert(
    fc.property(fc.nat(255), fc.uint8Array({ maxLength: 64 }), (type, payload) => {
      try {
        answerReader(() => {})(frame(1, type, Buffer.from(payload)));
      } catch (error) {
        expect(error).toBeInstanceOf(InternalError);
      }
    }),
  );
  expect(() => answerReader(() => {})(Buffer.from('ffffffff0000000042', 'hex'))).toThrow(InternalError);
});
