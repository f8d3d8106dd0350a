import type { GuestExit, GuestListing } from './channel.ts';
import { ChannelViolation, readOffset } from './frame-decoder.ts';

/** Fails unless the payload has exactly `length` bytes. */
export function expectLength(payload: Buffer, length: number, name: string): void {
  if (payload.length !== length) throw new ChannelViolation(`${name} of ${payload.length} bytes instead of ${length}`);
}

function readString(payload: Buffer, at: number, max: number): { text: string; end: number } {
  if (payload.length < at + 4) throw new ChannelViolation('a string that is cut');
  const length = payload.readUInt32LE(at);
  const end = at + 4 + length;
  if (length > max || end > payload.length) throw new ChannelViolation(`a string of ${length} bytes`);
  return { text: payload.toString('utf8', at + 4, end), end };
}

/** HELLO; only version 1 is spoken. */
export function parseHello(payload: Buffer): bigint {
  expectLength(payload, 12, 'HELLO');
  const version = payload.readUInt32LE(0);
  if (version !== 1) throw new ChannelViolation(`it speaks version ${version}, not 1`);
  return payload.readBigUInt64LE(4);
}

/** FAILED's or REFUSED's message, which begins at `at` and ends the payload. */
export function parseMessage(payload: Buffer, at: number): string {
  const { text, end } = readString(payload, at, 4096);
  if (end !== payload.length) throw new ChannelViolation('bytes after a message');
  return text;
}

/** EXIT. */
export function parseExit(payload: Buffer): GuestExit {
  expectLength(payload, 57, 'EXIT');
  const exitCode = payload.readInt32LE(0);
  const signal = payload.readUInt32LE(4);
  const flags = payload.readUInt8(8);
  if (exitCode < 0 || exitCode > 255 || signal > 64 || flags > 3) throw new ChannelViolation('an impossible EXIT');
  return {
    exitCode,
    signal,
    timedOut: (flags & 1) !== 0,
    outOfMemory: (flags & 2) !== 0,
    stdoutTotal: readOffset(payload, 9),
    stderrTotal: readOffset(payload, 17),
    durationMs: readOffset(payload, 25) / 1000,
  };
}

/** LISTED. */
export function parseListing(payload: Buffer): GuestListing[] {
  if (payload.length < 4) throw new ChannelViolation('a LISTED that is cut');
  const count = payload.readUInt32LE(0);
  const rows: GuestListing[] = [];
  const seen = new Set<number>();
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (payload.length < at + 4) throw new ChannelViolation('a LISTED that is cut');
    const execution = payload.readUInt32LE(at);
    const { text: tag, end } = readString(payload, at + 4, 64);
    at = end + 41;
    if (payload.length < at) throw new ChannelViolation('a LISTED that is cut');
    const state = payload.readUInt8(end);
    const [a, b, c, d, stdinOffset] = [1, 9, 17, 25, 33].map((o) => readOffset(payload, end + o)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (state < 1 || state > 2 || a > b || c > d || execution === 0 || seen.has(execution)) {
      throw new ChannelViolation('an impossible LISTED');
    }
    seen.add(execution);
    rows.push({
      execution,
      tag,
      running: state === 1,
      stdout: { base: a, end: b },
      stderr: { base: c, end: d },
      stdinOffset,
    });
  }
  if (at !== payload.length) throw new ChannelViolation('bytes after LISTED');
  return rows;
}
