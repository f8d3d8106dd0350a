import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChannelViolation, createFrameDecoder } from './frame-decoder.ts';
import { frame } from './frame-encoder.ts';
import { reply } from './frame-type.ts';

/** Every frame as text, pieces of output joined where they follow on. */
function decode(chunks: readonly Buffer[]): string[] {
  const found: { key: string; next: number; text: string }[] = [];
  const decoder = createFrameDecoder({
    waits: (execution) => execution % 2 === 0,
    frame(type, execution, payload) {
      found.push({ key: '', next: -1, text: `${type} ${execution} ${payload.toString('hex')}` });
    },
    output(type, execution, offset, bytes) {
      const key = `${type} ${execution}`;
      const last = found.at(-1);
      if (last?.key === key && last.next === offset) {
        last.text += bytes.toString('hex');
        last.next += bytes.length;
      } else {
        found.push({ key, next: offset + bytes.length, text: `${key} @${offset} ${bytes.toString('hex')}` });
      }
    },
  });
  for (const chunk of chunks) decoder.push(chunk);
  return found.map(({ text }) => text);
}

const anyFrame = fc
  .record({
    type: fc.integer({ min: reply.hello, max: reply.refused }),
    execution: fc.nat(),
    offset: fc.nat(),
    body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  })
  .map(({ type, execution, offset, body }) => {
    const isOutput = type === reply.stdout || type === reply.stderr;
    const bytes = frame(type, execution, body.length + (isOutput ? 8 : 0));
    if (isOutput) bytes.writeBigUInt64LE(BigInt(offset), 9);
    bytes.set(body, isOutput ? 17 : 9);
    return bytes;
  });

test('frames are found the same however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 80 })), (frames, cuts) => {
      const stream = Buffer.concat(frames);
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(stream.subarray(at, at + cut));
        at += cut;
      }
      chunks.push(stream.subarray(at));
      expect(decode(chunks)).toEqual(decode([stream]));
      const bytes = Array.from(stream, (_, i) => stream.subarray(i, i + 1));
      expect(decode(bytes)).toEqual(decode([stream]));
    }),
  );
});

test('random bytes end in frames or in a violation, never in another error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
      try {
        decode(chunks.map((chunk) => Buffer.from(chunk)));
      } catch (error) {
        expect(error).toBeInstanceOf(ChannelViolation);
      }
    }),
  );
});

test('a frame that is too long, unknown or output without bytes is a violation', () => {
  const long = frame(reply.listed, 0, 0);
  long.writeUInt32LE(262_145, 0);
  expect(() => decode([long])).toThrow('262145');
  expect(() => decode([frame(64, 0, 0)])).toThrow('type 64');
  expect(() => decode([frame(reply.stdout, 1, 8)])).toThrow('without output');
});
