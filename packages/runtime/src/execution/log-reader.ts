import { type FileHandle, open } from 'node:fs/promises';
import { type OutputChunk, type OutputCursor, OutputTruncatedError } from 'boxlite/backend';
import { decodeRecordHeader, type OutputStream, recordHeaderBytes } from './log-record.ts';
import type { OutputLog } from './output-log.ts';

// What one reader has in memory; there may be hundreds.
const pieceBytes = 64 * 1024;

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
  const file = new LogFile(log.path);
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (counts) log.unread?.took(position);
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
      const { stream, length, data } =
        log.inMemory(position, within, pieceBytes) ?? (await file.piece(position, within, log.size));
      const offset = counted[stream];
      counted[stream] += data.length;
      within += data.length;
      if (within >= length) {
        position += recordHeaderBytes + length;
        within = 0;
      }
      const skip = Math.min(Math.max(from[stream] - offset, 0), data.length);
      if (skip < data.length) yield { stream, data: data.subarray(skip), offset: offset + skip };
    }
  } finally {
    await file.close();
  }
}

interface Piece {
  readonly stream: OutputStream;
  /** Of the whole record. */
  readonly length: number;
  readonly data: Buffer;
}

/** Reads records from a log file a block at a time. */
class LogFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #block: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(path: string) {
    this.#path = path;
  }

  #record: { readonly position: number; readonly stream: OutputStream; readonly length: number } | undefined;

  /** Bytes of the record that begins at a position, from there on: as many as the block has, or the next one holds. */
  async piece(position: number, within: number, size: number): Promise<Piece> {
    if (this.#record?.position !== position) {
      await this.#need(position, recordHeaderBytes, size);
      this.#record = { position, ...decodeRecordHeader(this.#block, position - this.#start) };
    }
    const { stream, length } = this.#record;
    const from = position + recordHeaderBytes + within;
    if (within < length) await this.#need(from, 1, size);
    const at = from - this.#start;
    return { stream, length, data: this.#block.subarray(at, at + length - within) };
  }

  async #need(position: number, length: number, size: number): Promise<void> {
    if (position >= this.#start && position + length <= this.#start + this.#block.length) return;
    this.#handle ??= await this.#open();
    // A new buffer each time: what was yielded from the former one may still be in use.
    const block = Buffer.allocUnsafe(Math.max(length, Math.min(pieceBytes, size - position)));
    let filled = 0;
    while (filled < block.length) {
      const { bytesRead } = await this.#handle.read(block, filled, block.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#block = block.subarray(0, filled);
    this.#start = position;
    if (filled < length) throw new Error(`the output log ${this.#path} is shorter than it was`);
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
