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
const lineFeed = 10;
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
  // How many lost lines the batch tells of at its end.
  let told = 0;
  // The last line is there without its end: what comes next begins a new one.
  let torn = false;

  /** False while its reader takes no more. */
  function put(): boolean {
    while (rest.length > 0 || text !== '' || lost > 0) {
      if (rest.length === 0) {
        rest = Buffer.from(`${torn ? '\n' : ''}${text}${lost === 0 ? '' : onLost(lost)}`);
        text = '';
        told = lost;
        lost = 0;
      }
      try {
        const written = writeSync(fd, rest);
        torn = rest[written - 1] !== lineFeed;
        rest = rest.subarray(written);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
        // A disk that is full, a reader that is gone: there is nobody to tell before there is room again.
        const lines = rest.reduce((sum, byte) => (byte === lineFeed ? sum + 1 : sum), 0);
        // Neither the end of a line that is there already nor the one that told of others is a line lost.
        lost += told + lines - (told === 0 ? 0 : 1) - (rest[0] === lineFeed ? 1 : 0);
        rest = nothing;
        return true;
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
