import { headerLength, payloadMax, reply } from './frame-type.ts';
import { takeMemory } from './given-memory.ts';

/** From this length on, in bytes, output is gathered in memory of its own, which then belongs to whoever gets it. */
const longOutput = 64 * 1024;

/** What the box sent breaks guest/PROTOCOL.md; the message goes on from "the box broke its channel: ". */
export class ChannelViolation extends Error {
  override readonly name = 'ChannelViolation';
}

/** Takes what a {@link FrameDecoder} finds, in order. May throw {@link ChannelViolation}. */
export interface FrameReceiver {
  /** A whole frame other than STDOUT and STDERR. */
  frame(type: number, execution: number, payload: Buffer): void;
  /**
   * A piece of an output frame: one of 64 KiB or more comes whole, and is `given`, alone in its memory; a shorter one comes
   * as it arrived, maybe in several. `offset` is that of the piece.
   */
  output(type: number, execution: number, offset: number, bytes: Buffer, given: boolean): void;
  /** Whether output of an execution that comes now will have to wait. */
  waits(execution: number): boolean;
}

/** Finds frames in a byte stream however it is cut. Short output is neither copied nor kept. */
export interface FrameDecoder {
  /** Where the next bytes are best put, so that they need not be copied; undefined: anywhere. */
  space(): Buffer | undefined;
  /** Bytes from anywhere, or as many as came into `space()`. Throws {@link ChannelViolation} on a frame that no guest sends. */
  push(chunk: Buffer): void;
  /** No more will come: hands over what there is of a frame that is cut. */
  end(): void;
}

/** Reads a u64 that must be a safe integer. */
export function readOffset(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32LE(at + 4);
  if (high >= 0x20_0000) throw new ChannelViolation('an offset beyond 2^53');
  return high * 0x1_0000_0000 + bytes.readUInt32LE(at);
}

const isOutput = (type: number): boolean => type === reply.stdout || type === reply.stderr;

function checkHeader(type: number, length: number): void {
  if (type < reply.hello || type > reply.refused) throw new ChannelViolation(`a frame of unknown type ${type}`);
  if (length > payloadMax) throw new ChannelViolation(`a payload of ${length} bytes, more than ${payloadMax}`);
  if (isOutput(type) && length <= 8) throw new ChannelViolation('an output frame without output');
}

/** A decoder that hands everything to `receiver`. */
export function createFrameDecoder(receiver: FrameReceiver): FrameDecoder {
  /** The start of a header or of a payload that is not complete yet. */
  let kept: Buffer = Buffer.alloc(0);
  let keptLength = 0;
  let need = 0;
  let piece: { type: number; execution: number; offset: number; left: number } | undefined;
  /** Where the rest of a long piece goes, and then the header after it. */
  let long: { readonly memory: Buffer; readonly length: number; filled: number } | undefined;

  /** Obeys what begins at `at`; the position after it, or -1 when more bytes are needed (`need` says how many). */
  const step = (bytes: Buffer, at: number): number => {
    const have = bytes.length - at;
    if (have < headerLength) {
      need = headerLength;
      return -1;
    }
    const length = bytes.readUInt32LE(at);
    const execution = bytes.readUInt32LE(at + 4);
    const type = bytes.readUInt8(at + 8);
    checkHeader(type, length);
    const body = at + headerLength;
    need = headerLength + (isOutput(type) ? 8 : length);
    if (have < need) return -1;
    if (!isOutput(type)) {
      receiver.frame(type, execution, bytes.subarray(body, body + length));
      return body + length;
    }
    piece = { type, execution, offset: readOffset(bytes, body), left: length - 8 };
    if (piece.left >= longOutput)
      long = { memory: takeMemory(piece.left, receiver.waits(execution)), length: piece.left, filled: 0 };
    return body + 8;
  };

  /** Hands over what has come of a long piece. */
  const give = (): void => {
    if (!piece || !long) return;
    const { type, execution, offset } = piece;
    const bytes = long.memory.subarray(0, Math.min(long.filled, long.length));
    piece = long = undefined;
    if (bytes.length > 0) receiver.output(type, execution, offset, bytes, true);
  };

  /** The position after what belongs to the long piece. */
  const gather = (chunk: Buffer, at: number, { memory, length, filled }: NonNullable<typeof long>): number => {
    const end = Math.min(at + length - filled, chunk.length);
    const inPlace = chunk.buffer === memory.buffer && chunk.byteOffset + at === memory.byteOffset + filled;
    if (!inPlace) chunk.copy(memory, filled, at, end);
    if (long) long.filled += end - at;
    if (long?.filled === length) give();
    return end;
  };

  const flow = (bytes: Buffer, at: number): number => {
    if (!piece) return at;
    const end = Math.min(at + piece.left, bytes.length);
    const { type, execution, offset } = piece;
    piece.left -= end - at;
    piece.offset += end - at;
    if (piece.left === 0) piece = undefined;
    receiver.output(type, execution, offset, bytes.subarray(at, end), false);
    return end;
  };

  const keep = (bytes: Buffer): void => {
    kept = Buffer.allocUnsafe(need);
    keptLength = bytes.copy(kept);
  };

  /** Completes what was kept; copies each byte of a header or a small frame once or twice, and no output. */
  const complete = (chunk: Buffer): number => {
    let at = 0;
    while (keptLength > 0) {
      const taken = chunk.copy(kept, keptLength, at, at + kept.length - keptLength);
      at += taken;
      keptLength += taken;
      if (keptLength < kept.length) return at;
      if (step(kept, 0) >= 0) keptLength = 0;
      else keep(kept);
    }
    return at;
  };

  return {
    space: () => long?.memory.subarray(long.filled),
    end: give,
    push(chunk) {
      let at = complete(chunk);
      while (at < chunk.length) {
        if (long) {
          at = gather(chunk, at, long);
          continue;
        }
        if (piece) {
          at = flow(chunk, at);
          continue;
        }
        const next = step(chunk, at);
        if (next < 0) {
          keep(chunk.subarray(at));
          return;
        }
        at = next;
      }
    },
  };
}
