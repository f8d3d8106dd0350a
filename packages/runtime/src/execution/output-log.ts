import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writev, writevSync } from 'node:fs';
import type { OutputCursor } from 'boxlite/backend';
import { GivenPieces } from './given-pieces.ts';
import { LogIndex } from './log-index.ts';
import {
  decodeRecordHeader,
  encodeRecordHeader,
  maxRecordBytes,
  type OutputStream,
  type RecordHeader,
  recordHeader,
  recordHeaderBytes,
} from './log-record.ts';
import { LogTail, type TailChunk } from './log-tail.ts';
import { Notifier } from './notifier.ts';
import { SharedPieces } from './shared-pieces.ts';
import type { Unread } from './unread.ts';

// A write is a copy into the page cache, cheaper than a round trip through the thread pool, until the kernel throttles
// whoever makes pages dirty faster than the disk takes them. One slow write tells: from then on this process writes
// from the thread pool for a while, so that a throttled log stops nobody else. It may also tell of nothing but a busy
// processor: so the while is short at first.
const slowMs = 25;
const asynchronousLeastMs = 100;
const asynchronousMostMs = 2000;
let asynchronousMs = asynchronousLeastMs;
let asynchronousUntil = 0;

/** The disk was slow to take a write that began then. */
function wasSlow(began: number): void {
  const again = began < asynchronousUntil + asynchronousMostMs;
  asynchronousMs = again ? Math.min(asynchronousMs * 2, asynchronousMostMs) : asynchronousLeastMs;
  asynchronousUntil = began + asynchronousMs;
}

/** Where bytes wait for the thread pool, used again and again. */
const waitingRooms: Buffer[] = [];
const waitingRoomsMax = 8;

const tailBytes = 1024 * 1024;
const tailBytesOnceEnded = 64 * 1024;

/** The output of one execution: appended once, read by any number of readers from any offset. */
export class OutputLog {
  readonly path: string;
  readonly index: LogIndex = new LogIndex();
  /** Tells of every append, cut and end. */
  readonly changes: Notifier = new Notifier();
  /** Bytes of each stream in the log. */
  stdout = 0;
  stderr = 0;
  /** Bytes in the file. */
  size = 0;
  /** No more will come. */
  ended = false;
  /** Why bytes after the end of this log were dropped. */
  truncated: string | undefined;
  /** The bytes are no longer kept, only how many there were. */
  forgotten = false;
  /** Set where the command waits for readers. */
  unread: Unread | undefined;
  readonly #limit: number;
  #fd: number | undefined;
  #writing = false;
  /** How many read it now. */
  readers = 0;
  // Made when they are needed: most executions write nothing.
  #shared: SharedPieces | undefined;
  #tail: LogTail | undefined;
  #given: GivenPieces | undefined;

  constructor(path: string, limitBytes: number) {
    this.path = path;
    this.#limit = limitBytes;
  }

  /** A log whose bytes are no longer kept. */
  static forgotten(path: string, totals: OutputCursor, reason: string): OutputLog {
    const log = new OutputLog(path, 0);
    log.stdout = totals.stdout;
    log.stderr = totals.stderr;
    log.forget(reason);
    return log;
  }

  /** Takes up a log that a former process wrote; a record cut short by a crash was never acknowledged and is dropped. */
  static recover(path: string, limitBytes: number): OutputLog {
    const log = new OutputLog(path, limitBytes);
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_APPEND);
    } catch {
      return log;
    }
    const fileSize = fstatSync(fd).size;
    const header = headerReader(fd);
    while (log.size + recordHeaderBytes <= fileSize) {
      const { stream, length, start } = header(log.size);
      if (start + length > fileSize) break;
      log.index.note({ position: log.size, stdout: log.stdout, stderr: log.stderr });
      log[stream] += length;
      log.size = start + length;
    }
    if (log.size < fileSize) ftruncateSync(fd, log.size);
    log.#fd = fd;
    if (log.size + recordHeaderBytes >= limitBytes) log.#cut(log.#limitReached());
    return log;
  }

  /**
   * Appends output; what it returns settles once the bytes are in the file. Beyond the limit the log is cut,
   * and says so. The bytes are not kept, unless they are given: alone in their memory, which nobody else uses.
   */
  append(stream: OutputStream, bytes: Buffer, given: boolean = false): void | Promise<void> {
    if (this.truncated !== undefined || bytes.length === 0) return;
    if (bytes.length > maxRecordBytes) {
      const first = this.append(stream, bytes.subarray(0, maxRecordBytes));
      const left = first ? Buffer.from(bytes.subarray(maxRecordBytes)) : bytes.subarray(maxRecordBytes);
      const rest = (): void | Promise<void> => this.append(stream, left);
      return first ? first.then(rest) : rest();
    }
    const room = this.#limit - this.size - recordHeaderBytes;
    const data = bytes.length > room ? bytes.subarray(0, Math.max(room, 0)) : bytes;
    const cut = data.length < bytes.length ? this.#limitReached() : undefined;
    if (data.length === 0) return this.#cut(cut);
    return this.#write(stream, data, given, cut);
  }

  /** What is appended now is not at once in the hands of its only reader. */
  get waits(): boolean {
    return this.#writing || this.readers !== 1;
  }

  #write(stream: OutputStream, data: Buffer, given: boolean, cut: string | undefined): void | Promise<void> {
    const header = recordHeader(stream, data.length, this.size, this.#limit);
    const began = performance.now();
    if (began >= asynchronousUntil) {
      try {
        this.#fd ??= openSync(this.path, 'a+', 0o600);
        const written = writevSync(this.#fd, [...encodeRecordHeader(header, this.size), data]);
        if (performance.now() - began > slowMs) wasSlow(began);
        this.#checkWritten(header, written);
      } catch (error) {
        return this.#failed(error);
      }
      this.#publish(header, data, given);
      return this.#cut(cut);
    }
    if (given) return this.#writeLater(header, data, given, cut);
    const room = waitingRooms.pop() ?? Buffer.allocUnsafeSlow(maxRecordBytes);
    room.set(data);
    return this.#writeLater(header, room.subarray(0, data.length), given, cut).finally(() => {
      if (waitingRooms.length < waitingRoomsMax) waitingRooms.push(room);
    });
  }

  #checkWritten({ start, length }: RecordHeader, written: number): void {
    const total = start + length - this.size;
    if (written !== total) throw new Error(`wrote ${written} of ${total} bytes`);
  }

  #writeLater(header: RecordHeader, data: Buffer, given: boolean, cut: string | undefined): Promise<void> {
    return new Promise((resolve) => {
      try {
        this.#fd ??= openSync(this.path, 'a+', 0o600);
      } catch (error) {
        this.#failed(error);
        return resolve();
      }
      this.#writing = true;
      writev(this.#fd, [...encodeRecordHeader(header, this.size), data], (error, written) => {
        this.#writing = false;
        try {
          if (error) throw error;
          this.#checkWritten(header, written);
          this.#publish(header, data, given);
          this.#cut(cut);
        } catch (failure) {
          this.#failed(failure);
        }
        if (this.ended) this.close();
        resolve();
      });
    });
  }

  #publish({ stream, start }: RecordHeader, data: Buffer, given: boolean): void {
    const { stdout, stderr } = this;
    const position = this.size;
    this.index.note({ position, stdout, stderr });
    if (given) {
      this.#given ??= new GivenPieces(tailBytes);
      this.#given.put({ stream, offset: this[stream], position, start, data });
    } else {
      this.#tail ??= new LogTail(tailBytes, this.shared);
      this.#tail.push(stream, this[stream], position, data, start);
    }
    this[stream] += data.length;
    this.size = start + data.length;
    this.changes.notify();
  }

  /** A full disk must not kill the execution: its output ends here, and says why. */
  #failed(error: unknown): void {
    if (this.#fd !== undefined) {
      try {
        ftruncateSync(this.#fd, this.size);
      } catch {
        // The torn record is cut when the log is next recovered.
      }
    }
    this.#cut(`the output log could not be written: ${error instanceof Error ? error.message : error}`);
  }

  #cut(reason: string | undefined): void {
    if (reason === undefined || this.truncated !== undefined) return;
    this.truncated = reason;
    this.changes.notify();
  }

  #limitReached(): string {
    return `the output log reached its limit of ${this.#limit} bytes`;
  }

  /** No more output will come. Readers that have everything end. */
  end(): void {
    this.ended = true;
    this.#tail?.keepLast(tailBytesOnceEnded);
    this.#given?.keepLast(0);
    this.close();
    this.changes.notify();
  }

  /** The bytes of an ended log are no longer kept. */
  forget(reason: string): void {
    this.size = 0;
    this.forgotten = true;
    this.truncated = reason;
    this.#tail?.keepLast(0);
    this.#given?.keepLast(0);
  }

  /** Lets go of the file; what was written stays readable. */
  close(): void {
    // A write that waits in the thread pool would go to whatever file gets the number next; it closes when it is done.
    if (this.#fd === undefined || this.#writing) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** What its readers have in memory. */
  get shared(): SharedPieces {
    this.#shared ??= new SharedPieces(() => this.readers > 1);
    return this.#shared;
  }

  /** A part of the chunk in memory whose record begins at this position of the file. */
  inMemory(position: number, within: number, most: number): TailChunk | undefined {
    const piece = this.#given?.at(position);
    if (!piece) return this.#tail?.at(position, within, most);
    const { stream, offset, start, data } = piece;
    if (this.readers === 1 && within === 0) {
      return { stream, offset, position, start, length: data.length, data: this.#given?.take(piece) ?? data };
    }
    const end = Math.min(within + most, data.length);
    const copy = this.shared.copy(position + within, data.subarray(within, end));
    return { stream, offset: offset + within, position, start, length: data.length, data: copy };
  }
}

/** Reads record headers at growing positions; many small records share one read. */
function headerReader(fd: number): (position: number) => RecordHeader {
  const block = Buffer.allocUnsafe(64 * 1024);
  let start = 0;
  let end = 0;
  return (position) => {
    if (position + recordHeaderBytes > end) {
      start = position;
      end = start + readSync(fd, block, 0, block.length, start);
    }
    return decodeRecordHeader(block, position - start, position);
  };
}
