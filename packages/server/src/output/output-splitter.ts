import type { OutputChunk, OutputCursor } from 'boxlite/backend';
import { utf8TailLength } from './utf8-tail.ts';

/** Most bytes in one piece: 64 KiB. */
export const pieceLimitBytes: number = 64 * 1024;

/** A piece of output as a client gets it. */
export interface OutputPiece {
  readonly stream: OutputChunk['stream'];
  /** At most 3 bytes of an earlier chunk, which come before `data`: the beginning of a character. */
  readonly held: Uint8Array;
  readonly data: Uint8Array;
  /** How many bytes of each stream a client has that has all up to and with this piece. */
  readonly reached: OutputCursor;
}

/** Cuts output into pieces. */
export interface OutputSplitter {
  /** The pieces of a chunk; none when all of it is held back. They are views of it. */
  push(chunk: OutputChunk): OutputPiece[];
  /** What is still held back, at the end of the output. */
  flush(): OutputPiece[];
}

const nothing = new Uint8Array();
// Most bytes of a character.
const characterBytes = 4;

/**
 * Pieces of at most 64 KiB. Unless `bytes` is set none ends inside a UTF-8 character: up to 3 bytes of each stream wait
 * for the rest. Bytes that the client already has are left out.
 */
export function outputSplitter(from: OutputCursor, bytes: boolean): OutputSplitter {
  const delivered = { stdout: from.stdout, stderr: from.stderr };
  const held = { stdout: nothing, stderr: nothing };

  function piece(stream: OutputChunk['stream'], before: Uint8Array, data: Uint8Array): OutputPiece {
    delivered[stream] += before.byteLength + data.byteLength;
    return { stream, held: before, data, reached: { ...delivered } };
  }

  return {
    push({ stream, data: chunk, offset }) {
      const already = delivered[stream] + held[stream].byteLength - offset;
      const fresh = already > 0 ? chunk.subarray(already) : chunk;
      // Where a character ends is seen only with its beginning, and a long chunk may be shared: it is not copied.
      const short = fresh.byteLength < characterBytes && held[stream].byteLength > 0;
      const data = short ? Buffer.concat([held[stream], fresh]) : fresh;
      let before = short ? nothing : held[stream];
      const pieces: OutputPiece[] = [];
      let at = 0;
      while (at < data.byteLength) {
        const most = Math.min(at + pieceLimitBytes - before.byteLength, data.byteLength);
        const end = bytes ? most : most - utf8TailLength(data, most);
        if (end <= at) break;
        pieces.push(piece(stream, before, data.subarray(at, end)));
        before = nothing;
        at = end;
      }
      // A copy: a view of three bytes would keep the whole chunk in memory.
      held[stream] = at < data.byteLength ? data.slice(at) : nothing;
      return pieces;
    },
    flush() {
      const pieces: OutputPiece[] = [];
      for (const stream of ['stdout', 'stderr'] as const) {
        if (held[stream].byteLength > 0) pieces.push(piece(stream, nothing, held[stream]));
        held[stream] = nothing;
      }
      return pieces;
    },
  };
}
