import { array, assert, asyncProperty, constantFrom, integer, oneof, string, uint8Array } from 'fast-check';
import { expect, it } from 'vitest';
import { lines, text } from './text.ts';

/** Bytes in pieces of the lengths given, over and over; empty ones among them. */
async function* pieces(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const lengths = array(integer({ min: 0, max: 5 }), { minLength: 1 }).filter((all) => all.some((one) => one > 0));
// Every length of codepoint, line ends of both kinds, and what looks like one.
const written = array(
  oneof(string({ unit: 'binary' }), constantFrom('\n', '\r\n', '\r', 'ä', '→', '😀', '\u2028')),
).map((parts) => parts.join(''));
const anything = oneof(
  written.map((each) => new TextEncoder().encode(each)),
  uint8Array({ maxLength: 64 }),
);

it('collects the same text however the bytes are cut, also of bytes that are no text', async () => {
  const property = asyncProperty(anything, lengths, async (bytes, cut) => {
    expect(await text(pieces(bytes, cut))).toBe(new TextDecoder().decode(bytes));
  });
  await assert(property, { numRuns: 500 });
});

it('gives the same lines however the bytes are cut', async () => {
  const property = asyncProperty(anything, lengths, async (bytes, cut) => {
    const all = new TextDecoder().decode(bytes).split('\n');
    const last = all.pop();
    const expected = [...all.map((line) => line.replace(/\r$/, '')), ...(last ? [last] : [])];
    expect(await Array.fromAsync(lines(pieces(bytes, cut)))).toEqual(expected);
  });
  await assert(property, { numRuns: 500 });
});

it('leaving the lines leaves the stream', async () => {
  let left = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new TextEncoder().encode('line\n');
    } finally {
      left = true;
    }
  }
  for await (const line of lines(endless())) {
    expect(line).toBe('line');
    break;
  }
  expect(left).toBe(true);
});
