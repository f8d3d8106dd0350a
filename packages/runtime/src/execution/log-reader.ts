import { type FileHandle, open } from 'node:fs/promises';
import { type OutputChunk, type OutputCursor, OutputTruncatedError } from 'boxlite/backend';
import { decodeRecordHeader, type OutputStream, recordHeaderBytes } from './log-record.ts';
import type { OutputLog } from './output-log.ts';

const blockBytes = 256 * 1024;

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
      const record = log.inMemory(position) ?? (await file.record(position, log.size));
      position += recordHeaderBytes + record.data.length;
      const offset = counted[record.stream];
      counted[record.stream] += record.data.length;
      const skip = Math.min(Math.max(from[record.stream] - offset, 0), record.data.length);
      if (skip < record.data.length) {
        yield { stream: record.stream, data: record.data.subarray(skip), offset: offset + skip };
      }
    }
  } finally {
    await file.close();
  }
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

  async record(position: number, size: number): Promise<{ stream: OutputStream; data: Buffer }> {
    await this.#need(position, recordHeaderBytes, size);
    const { stream, length } = decodeRecordHeader(this.#block, position - this.#start);
    await this.#need(position, recordHeaderBytes + length, size);
    const at = position - this.#start + recordHeaderBytes;
    return { stream, data: this.#block.subarray(at, at + length) };
  }

  async #need(position: number, length: number, size: number): Promise<void> {
    if (position >= this.#start && position + length <= this.#start + this.#block.length) return;
    this.#handle ??= await this.#open();
    // A new buffer each time: what was yielded from the former one may still be in use.
    const block = Buffer.allocUnsafe(Math.max(length, Math.min(blockBytes, size - position)));
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
