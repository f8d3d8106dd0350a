import type { OutputChunk, OutputCursor } from 'boxlite/backend';
import { outputFrame } from './sse-frame.ts';
import { utf8TailLength } from './utf8-tail.ts';

/** Most raw bytes in one event: 64 KiB. */
export const eventLimitBytes: number = 64 * 1024;

/** Turns pieces of output into events. */
export interface OutputEncoder {
  /** Events for a piece; none when all of it is held back. */
  push(chunk: OutputChunk): Buffer[];
  /** Events for what is still held back, at the end of the output. */
  flush(): Buffer[];
}

const nothing = new Uint8Array();

/**
 * Events whose id counts the bytes delivered so far. Unless `bytes` is set no event ends inside a UTF-8 character: up to
 * 3 bytes of each stream wait for the rest. Bytes that the reader already has are left out.
 */
export function outputEncoder(from: OutputCursor, bytes: boolean): OutputEncoder {
  const delivered = { stdout: from.stdout, stderr: from.stderr };
  const held = { stdout: nothing, stderr: nothing };

  function emit(stream: OutputChunk['stream'], data: Uint8Array): Buffer {
    delivered[stream] += data.byteLength;
    return outputFrame(stream, `${delivered.stdout}.${delivered.stderr}`, data);
  }

  return {
    push({ stream, data: piece, offset }) {
      const already = delivered[stream] + held[stream].byteLength - offset;
      const fresh = already > 0 ? piece.subarray(already) : piece;
      const data = held[stream].byteLength === 0 ? fresh : Buffer.concat([held[stream], fresh]);
      const frames: Buffer[] = [];
      let at = 0;
      while (at < data.byteLength) {
        const most = Math.min(at + eventLimitBytes, data.byteLength);
        const end = bytes ? most : most - utf8TailLength(data, most);
        if (end <= at) break;
        frames.push(emit(stream, data.subarray(at, end)));
        at = end;
      }
      // A copy: a view of three bytes would keep the whole piece in memory.
      held[stream] = at < data.byteLength ? data.slice(at) : nothing;
      return frames;
    },
    flush() {
      const frames: Buffer[] = [];
      for (const stream of ['stdout', 'stderr'] as const) {
        if (held[stream].byteLength > 0) frames.push(emit(stream, held[stream]));
        held[stream] = nothing;
      }
      return frames;
    },
  };
}
