import { type FileHandle, open } from 'node:fs/promises';
import { type OutputChunk, type OutputCursor, OutputTruncatedError } from 'boxlite/backend';
import { decodeRecordHeader, type OutputStream, type RecordHeader, recordHeaderBytes } from './log-record.ts';
import type { OutputLog } from './output-log.ts';
import { madeForReader } from './reader-memory.ts';
import type { SharedPieces } from './shared-pieces.ts';

// What one reader has in memory. There may be hundreds: where there are many, of this log or of all, each has less.
const pieceBytes = 64 * 1024;
const pieceOfOneBytes = 252 * 1024;
const manyReaders = 16;
const pieceOfManyBytes = 16 * 1024;
const longBytes = 16 * 1024;
const headerBlockBytes = 4096;
let allReaders = 0;

/**
 * Every byte of a log from a cursor on, in the order of writing, then ends once the log has ended.
 * A cursor beyond the end waits for the end; another gets an `OutputTruncatedError` where bytes were dropped.
 */
export async function* readLog(
  log: OutputLog,
  from: OutputCursor = { stdout: 0, stderr: 0 },
  signal?: AbortSignal,
): AsyncGenerator<OutputChunk, void, undefined> {
  // What a cursor beyond the end skips was read by nobody.
  const counts = from.stdout <= log.stdout && from.stderr <= log.stderr;
  const seen = log.index.before(from);
  const counted: Record<OutputStream, number> = { stdout: seen.stdout, stderr: seen.stderr };
  let position = seen.position;
  // How much of the record there was given out already.
  let within = 0;
  const file = new LogFile(log.path, log.shared);
  log.readers++;
  allReaders++;
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (counts) log.unread?.took(counted.stdout + counted.stderr);
      if (log.forgotten) {
        if (from.stdout >= log.stdout && from.stderr >= log.stderr) return;
        throw new OutputTruncatedError(`output is incomplete: ${log.truncated}`);
      }
      if (position >= log.size) {
        const misses = from.stdout <= counted.stdout || from.stderr <= counted.stderr;
        if (log.truncated !== undefined && misses)
          throw new OutputTruncatedError(`output is incomplete: ${log.truncated}`);
        if (log.ended) return;
        await log.changes.next(signal);
        continue;
      }
      const most = mostFor(log.readers);
      const { stream, length, start, data } =
        log.inMemory(position, within, most) ?? (await file.piece(position, within, log.size, most));
      // What they share was made once, but what each makes of it is garbage too.
      if (log.readers > 1) madeForReader(data.length);
      const shared = log.shared.get(position + within, data.length) === data;
      const offset = counted[stream];
      counted[stream] += data.length;
      within += data.length;
      if (within >= length) {
        position = start + length;
        within = 0;
      }
      const skip = Math.min(Math.max(from[stream] - offset, 0), data.length);
      if (skip < data.length)
        yield { stream, data: data.subarray(skip), offset: offset + skip, ...(shared && { shared }) };
    }
  } finally {
    log.readers--;
    allReaders--;
    await file.close();
  }
}

function mostFor(readers: number): number {
  if (readers > manyReaders) return pieceOfManyBytes;
  return readers > 1 || allReaders > manyReaders ? pieceBytes : pieceOfOneBytes;
}

/** A part of a record's payload. */
interface Piece extends RecordHeader {
  readonly data: Buffer;
}

/** Reads records from a log file: small ones many at a time, pieces of long ones shared with other readers. */
class LogFile {
  readonly #path: string;
  readonly #shared: SharedPieces;
  #handle: FileHandle | undefined;
  #block: Buffer = Buffer.alloc(0);
  #start = 0;
  #record: (RecordHeader & { readonly position: number }) | undefined;

  constructor(path: string, shared: SharedPieces) {
    this.#path = path;
    this.#shared = shared;
  }

  /** Bytes of the record that begins at a position, at most so many from there on. */
  async piece(position: number, within: number, size: number, most: number): Promise<Piece> {
    if (this.#record?.position !== position) {
      // After a long record another long one is likely, of which a block would hold little.
      const ahead = (this.#record?.length ?? 0) >= longBytes ? headerBlockBytes : Math.min(pieceBytes, most);
      await this.#need(position, recordHeaderBytes, Math.min(ahead, size - position));
      this.#record = { position, ...decodeRecordHeader(this.#block, position - this.#start, position) };
    }
    const { stream, length, start } = this.#record;
    const from = start + within;
    const wanted = Math.min(length - within, most);
    if (length >= longBytes) return { stream, length, start, data: await this.#long(position + within, from, wanted) };
    await this.#need(from, wanted, Math.min(Math.max(wanted, Math.min(pieceBytes, most)), size - from));
    const at = from - this.#start;
    return { stream, length, start, data: this.#block.subarray(at, at + wanted) };
  }

  async #long(place: number, from: number, length: number): Promise<Buffer> {
    return this.#shared.get(place, length) ?? this.#shared.read(place, length, () => this.#read(from, length, length));
  }

  async #need(position: number, length: number, ahead: number): Promise<void> {
    if (position >= this.#start && position + length <= this.#start + this.#block.length) return;
    // A new buffer each time: what was yielded from the former one may still be in use.
    this.#block = await this.#read(position, length, ahead);
    this.#start = position;
  }

  async #read(position: number, least: number, most: number): Promise<Buffer> {
    this.#handle ??= await this.#open();
    const block = Buffer.allocUnsafeSlow(most);
    madeForReader(most);
    let filled = 0;
    while (filled < most) {
      const { bytesRead } = await this.#handle.read(block, filled, most - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled < least) throw new Error(`the output log ${this.#path} is shorter than it was`);
    return block.subarray(0, filled);
  }

  async #open(): Promise<FileHandle> {
    try {
      return await open(this.#path, 'r');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      throw new OutputTruncatedError('output is incomplete: it is no longer kept', { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}
