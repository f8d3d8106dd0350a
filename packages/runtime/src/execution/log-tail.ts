import type { OutputChunk } from 'boxlite/backend';
import type { OutputStream } from './log-record.ts';
import type { SharedPieces } from './shared-pieces.ts';

/** A chunk still in memory, and where its record begins in the file. */
export interface TailChunk extends OutputChunk {
  readonly position: number;
  /** Where in the file the whole chunk begins. */
  readonly start: number;
  /** Of the whole chunk. */
  readonly length: number;
}

interface Entry {
  readonly stream: OutputStream;
  readonly offset: number;
  readonly position: number;
  readonly inFile: number;
  readonly start: number;
  readonly length: number;
}

const leastBytes = 1024;
/** Of all tails that hold nothing: most executions write nothing, and none of them needs memory of its own. */
const empty = Buffer.alloc(0);

/**
 * The last records of a log, in one buffer that is written round and round: a flood of output makes no garbage, which
 * would cost more than the output itself.
 */
export class LogTail {
  readonly #most: number;
  #bytes: Buffer = empty;
  /** Where the next record goes. */
  #end = 0;
  #entries: Entry[] = [];
  #first = 0;
  readonly #shared: SharedPieces;

  /** Keeps at most so many bytes; a record longer than half of that is not kept. */
  constructor(mostBytes: number, shared: SharedPieces) {
    this.#most = mostBytes;
    this.#shared = shared;
  }

  /** Copies the bytes, which begin at `inFile` of the file. Records come in the order of their positions. */
  push(stream: OutputStream, offset: number, position: number, data: Uint8Array, inFile: number): void {
    const { length } = data;
    if (length * 2 > this.#most) {
      this.keepLast(0);
      return;
    }
    if (this.#end + length > this.#bytes.length) this.#makeRoom(length);
    const start = this.#end;
    this.#end += length;
    for (let oldest = this.#entries[this.#first]; oldest; oldest = this.#entries[this.#first]) {
      if (oldest.start >= this.#end || oldest.start + oldest.length <= start) break;
      this.#first++;
    }
    if (this.#first > 64 && this.#first * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#first);
      this.#first = 0;
    }
    this.#bytes.set(data, start);
    this.#entries.push({ stream, offset, position, inFile, start, length });
  }

  /** The end of the buffer is reached: it grows until it has its full size, then begins anew. */
  #makeRoom(length: number): void {
    if (this.#bytes.length < this.#most) {
      let size = Math.max(this.#bytes.length, leastBytes);
      while (size < this.#end + length && size < this.#most) size *= 2;
      const grown = Buffer.allocUnsafeSlow(Math.min(size, this.#most));
      this.#bytes.copy(grown, 0, 0, this.#end);
      this.#bytes = grown;
      if (this.#end + length <= grown.length) return;
    }
    // What stands between here and the end of the buffer is the oldest there is.
    const end = this.#end;
    while ((this.#entries[this.#first]?.start ?? -1) >= end) this.#first++;
    this.#end = 0;
  }

  /** A copy of a part of the chunk whose record begins at this position of the file: at most so many bytes from there on. */
  at(position: number, within = 0, most: number = Number.POSITIVE_INFINITY): TailChunk | undefined {
    const oldest = this.#entries[this.#first];
    if (!oldest || position < oldest.position) return undefined;
    let low = this.#first;
    let high = this.#entries.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    const found = this.#entries[low];
    if (found?.position !== position) return undefined;
    const { stream, offset, inFile, start, length } = found;
    const bytes = this.#bytes.subarray(start + within, start + Math.min(length, within + most));
    const data = this.#shared.copy(position + within, bytes);
    return { stream, offset: offset + within, position, start: inFile, length, data };
  }

  /** Lets go of all but the last records, as many as so many bytes hold, and of the memory for more. */
  keepLast(bytes: number): void {
    if (this.#bytes.length === 0) return;
    let from = this.#entries.length;
    let kept = 0;
    while (from > this.#first) {
      kept += this.#entries[from - 1]?.length ?? 0;
      if (kept > bytes) break;
      from--;
    }
    const entries = this.#entries.slice(from);
    const old = this.#bytes;
    this.#bytes = Buffer.allocUnsafeSlow(entries.reduce((sum, { length }) => sum + length, 0));
    this.#entries = [];
    this.#first = this.#end = 0;
    for (const { stream, offset, position, inFile, start, length } of entries) {
      this.push(stream, offset, position, old.subarray(start, start + length), inFile);
    }
  }
}
