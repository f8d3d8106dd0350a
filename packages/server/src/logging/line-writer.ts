import { fstatSync, writeSync } from 'node:fs';
import process from 'node:process';

/** Writes lines in batches. */
export interface LineWriter {
  write(line: string): void;
  /** Writes what is held back; what a reader does not take within a second is given up. */
  flush(): void;
}

/** How a {@link lineWriter} batches. */
export interface LineWriterOptions {
  /** Told how many lines were dropped, once there is room again; what it gives is written. */
  readonly onLost: (lines: number) => string;
  /** How long a line is held back. @default 100 */
  readonly everyMs?: number;
  /** How many characters may wait for a reader; what comes beyond is dropped. @default 1 MiB */
  readonly most?: number;
}

const batchLength = 64 * 1024;
const flushMs = 1000;
const nothing = Buffer.alloc(0);

/**
 * Writes to a file descriptor: a system call for each line would cost as much as a small request. A pipe that nobody
 * reads holds up nothing, neither the process nor its end.
 */
export function lineWriter(fd: number, options: LineWriterOptions): LineWriter {
  const { onLost, everyMs = 100, most = 1024 * 1024 } = options;
  if (fd === 2 && !fstatSync(fd).isFile()) {
    // Node makes the pipes and sockets of its standard streams non-blocking once they are used.
    void process.stderr;
  }
  let text = '';
  // The batch that its reader has not taken as a whole.
  let rest: Buffer = nothing;
  let lost = 0;

  /** Whether all could be written. */
  function put(): boolean {
    while (rest.length > 0 || text !== '' || lost > 0) {
      if (rest.length === 0) {
        rest = Buffer.from(lost === 0 ? text : `${text}${onLost(lost)}`);
        text = '';
        lost = 0;
      }
      try {
        rest = rest.subarray(writeSync(fd, rest));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
        // A disk that is full, a reader that is gone: there is nobody to tell.
        rest = nothing;
      }
    }
    return true;
  }
  setInterval(put, everyMs).unref();

  return {
    write(line) {
      if (text.length + rest.length > most) lost++;
      else text += line;
      if (text.length >= batchLength && rest.length === 0) put();
    },
    flush() {
      const until = performance.now() + flushMs;
      while (!put() && performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    },
  };
}
