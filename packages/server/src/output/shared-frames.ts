import { giveBackFrame, lendAgain } from './frame-memory.ts';
import type { OutputPiece } from './output-splitter.ts';
import { frameKey, outputFrames } from './sse-frame.ts';

// Of all executions together. Readers that are further apart than this write their frames themselves.
const mostBytes = 4 * 1024 * 1024;
const mostFrames = 1024;

const kept = new Map<string, Buffer>();
let bytes = 0;
let names = 0;

/** Frames of the output of one execution, each written once for all who are at about the same place. */
export interface SharedFrames {
  /** The event of a piece, only to look at, until `giveBackFrame`. */
  frame(piece: OutputPiece): Buffer;
}

/** Makes those of one execution. The last 4 MiB of all are kept, in memory that is used again. */
export function sharedFrames(): SharedFrames {
  const name = names++;
  return {
    frame(piece) {
      const key = `${name} ${frameKey(piece)}`;
      const known = kept.get(key);
      const frame = known ?? outputFrames([piece]);
      // The last that was asked for is the last that is let go of.
      if (known) kept.delete(key);
      else bytes += frame.buffer.byteLength;
      kept.set(key, frame);
      lendAgain(frame);
      if (!known) letGo();
      return frame;
    },
  };
}

function letGo(): void {
  for (const [key, frame] of kept) {
    if (bytes <= mostBytes && kept.size <= mostFrames) return;
    kept.delete(key);
    bytes -= frame.buffer.byteLength;
    giveBackFrame(frame);
  }
}
