import type { OutputChunk } from 'boxlite/backend';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventBytes, type ReadEvent, readEvents } from '../testing/sse.ts';
import { outputSplitter, pieceLimitBytes } from './output-splitter.ts';
import { outputFrames } from './sse-frame.ts';

/** Cuts both streams at random and mixes them as a command would. */
function mixed(texts: { stdout: Buffer; stderr: Buffer }, cuts: readonly number[]): OutputChunk[] {
  const at = { stdout: 0, stderr: 0 };
  const chunks: OutputChunk[] = [];
  for (const [index, cut] of [...cuts, 1e9, 1e9].entries()) {
    const stream = index % 2 === 0 ? 'stdout' : 'stderr';
    const data = texts[stream].subarray(at[stream], at[stream] + cut);
    chunks.push({ stream, data, offset: at[stream] });
    at[stream] += data.byteLength;
  }
  return chunks;
}

function encoded(chunks: readonly OutputChunk[], from = { stdout: 0, stderr: 0 }, bytes = false): ReadEvent[] {
  const splitter = outputSplitter(from, bytes);
  const pieces = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()];
  return readEvents(outputFrames(pieces).toString());
}

const text = fc.string({ unit: 'binary', maxLength: 200 }).map((value) => Buffer.from(value));
const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 200 });

test('text cut anywhere never ends an event inside a character, and nothing is lost or doubled', () => {
  fc.assert(
    fc.property(text, text, cuts, (stdout, stderr, sizes) => {
      const events = encoded(mixed({ stdout, stderr }, sizes));
      const decoder = new TextDecoder('utf-8', { fatal: true });
      for (const event of events) expect(() => decoder.decode(eventBytes(event))).not.toThrow();
      for (const [stream, whole] of Object.entries({ stdout, stderr })) {
        const got = events.filter((event) => event.event === stream).map(eventBytes);
        expect(Buffer.concat(got).equals(whole)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('any bytes cut anywhere come through whole, with and without holding back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, fc.boolean(), (data, sizes, bytes) => {
      const stdout = Buffer.from(data);
      const events = encoded(mixed({ stdout, stderr: Buffer.alloc(0) }, sizes), undefined, bytes);
      expect(Buffer.concat(events.map(eventBytes)).equals(stdout)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('resuming after any event gives exactly what the reader lacks', () => {
  fc.assert(
    fc.property(text, text, cuts, cuts, fc.nat(), (stdout, stderr, sizes, laterSizes, pick) => {
      const first = encoded(mixed({ stdout, stderr }, sizes));
      const stopped = first.slice(0, first.length === 0 ? 0 : (pick % first.length) + 1);
      const [out = 0, err = 0] = (stopped.at(-1)?.id ?? '0.0').split('.').map(Number);
      // Whole chunks from the beginning: what the reader has must be left out even of a backend that sends it again.
      const rest = encoded(mixed({ stdout, stderr }, laterSizes), { stdout: out, stderr: err });
      for (const [stream, whole] of Object.entries({ stdout, stderr })) {
        const got = [...stopped, ...rest].filter((event) => event.event === stream).map(eventBytes);
        expect(Buffer.concat(got).equals(whole)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('an event holds at most 64 KiB, and its id counts what was delivered with it', () => {
  const data = Buffer.from('ä'.repeat(100_000));
  const events = encoded([{ stream: 'stdout', data: data.subarray(1), offset: 1 }], { stdout: 1, stderr: 9 });
  expect(events.length).toBe(4);
  let delivered = 1;
  for (const event of events) {
    const length = eventBytes(event).byteLength;
    expect(length).toBeLessThanOrEqual(pieceLimitBytes);
    delivered += length;
    expect(event.id).toBe(`${delivered}.9`);
  }
});

test('with bytes asked for, half a character passes at once', () => {
  const [event] = encoded([{ stream: 'stderr', data: Buffer.from([0xe2, 0x82]), offset: 0 }], undefined, true);
  expect(event).toEqual({ event: 'stderr', id: '0.2', data: '{"data":"4oI="}' });
});

test('half a character waits for its other half, and at the end no longer', () => {
  const splitter = outputSplitter({ stdout: 0, stderr: 0 }, false);
  expect(splitter.push({ stream: 'stdout', data: Buffer.from([0x61, 0xe2, 0x82]), offset: 0 })).toHaveLength(1);
  expect(splitter.push({ stream: 'stdout', data: Buffer.from([]), offset: 3 })).toHaveLength(0);
  expect(outputFrames(splitter.flush()).toString()).toBe('id: 3.0\nevent: stdout\ndata: {"data":"4oI="}\n\n');
});
