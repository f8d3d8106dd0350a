import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { OutputCursor } from 'boxlite/backend';

const length = 16;

/** How far a reader without a cursor of its own has come, in a file beside the log: it outlives this process as the log does. */
export class TakenFile {
  readonly path: string;
  #cursor: OutputCursor | undefined;

  constructor(logPath: string) {
    this.path = logPath.replace(/\.log$/, '.taken');
  }

  /** The beginning, where nothing is known. */
  read(): OutputCursor {
    this.#cursor ??= this.#load();
    return this.#cursor;
  }

  /** Not there is as good as not known: the reader gets more than it lacks, never less. */
  write(cursor: OutputCursor): void {
    this.#cursor = cursor;
    const bytes = Buffer.alloc(length);
    bytes.writeBigUInt64LE(BigInt(cursor.stdout), 0);
    bytes.writeBigUInt64LE(BigInt(cursor.stderr), 8);
    try {
      const fd = openSync(this.path, 'w', 0o600);
      try {
        writeSync(fd, bytes);
      } finally {
        closeSync(fd);
      }
    } catch {
      // As on a full disk.
    }
  }

  #load(): OutputCursor {
    const bytes = Buffer.alloc(length);
    try {
      const fd = openSync(this.path, 'r');
      try {
        if (readSync(fd, bytes) === length) {
          return { stdout: Number(bytes.readBigUInt64LE(0)), stderr: Number(bytes.readBigUInt64LE(8)) };
        }
      } finally {
        closeSync(fd);
      }
    } catch {
      // Nobody has read so far.
    }
    return { stdout: 0, stderr: 0 };
  }
}
