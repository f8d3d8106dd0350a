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

const lengths = fc.constantFrom(1, 100, 65_535, 65_536, 70_000, 150_000, 252 * 1024, 262_136);

test('long output comes whole in memory of its own, whether it is read in place or not and however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(lengths, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (sizes, cuts, inPlace) => {
        const got: { execution: number; offset: number; bytes: Buffer; given: boolean }[] = [];
        const decoder = createFrameDecoder({
          waits: (execution) => execution % 2 === 0,
          frame: () => {},
          output: (_type, execution, offset, bytes, given) =>
            got.push({ execution, offset, bytes: given ? bytes : Buffer.from(bytes), given }),
        });
        const frames = sizes.map((size, i) => {
          const bytes = frame(reply.stdout, i + 1, size + 8).fill(i + 1, 17);
          bytes.writeBigUInt64LE(BigInt(i * 1000), 9);
          return bytes;
        });
        const stream = Buffer.concat(frames);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const space = (inPlace ? decoder.space() : undefined) ?? Buffer.alloc(65_536);
          const taken = stream.copy(space, 0, at, Math.min(at + (cuts[i % cuts.length] ?? 1), stream.length));
          decoder.push(space.subarray(0, taken));
          at += taken;
        }
        for (const [i, size] of sizes.entries()) {
          const mine = got.filter(({ execution }) => execution === i + 1);
          const bytes = Buffer.concat(mine.map((piece) => piece.bytes));
          expect(bytes.equals(Buffer.alloc(size, i + 1))).toBe(true);
          expect(mine[0]?.offset).toBe(i * 1000);
          expect(mine.every(({ given }) => given === size >= 65_536)).toBe(true);
          if (size >= 65_536) expect(mine).toHaveLength(1);
        }
        const memory = got.filter(({ given }) => given).map(({ bytes }) => bytes.buffer);
        expect(new Set(memory).size).toBe(memory.length);
      },
    ),
    { numRuns: 40 },
  );
});

test('what has come of a long frame when the stream ends is handed over', () => {
  const got: Buffer[] = [];
  const decoder = createFrameDecoder({
    waits: () => false,
    frame: () => {},
    output: (_type, _execution, _offset, bytes) => got.push(bytes),
  });
  decoder.push(
    frame(reply.stdout, 1, 100_008)
      .fill(0, 9, 17)
      .fill(7, 17)
      .subarray(0, 17 + 70_000),
  );
  expect(got).toEqual([]);
  decoder.end();
  expect(Buffer.concat(got).equals(Buffer.alloc(70_000, 7))).toBe(true);
});
