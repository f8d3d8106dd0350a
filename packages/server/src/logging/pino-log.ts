import { type DestinationStream, destination, pino } from 'pino';
import type { Log, LogEntry } from '../log.ts';

/** How much is logged: `info` has a line for every request, `debug` also those of monitors. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** A log as JSON lines. */
export interface LineLog {
  /** Takes an entry. */
  readonly log: Log;
  /** Writes out what is still held back. */
  flush(): void;
}

/** Writes the log as one line of JSON an entry, to a file descriptor or any stream. Lines may be held back for 100 ms. */
export function lineLog(level: LogLevel, to: number | DestinationStream): LineLog {
  // What is written at once costs a system call a request.
  const own =
    typeof to === 'number' ? destination({ fd: to, sync: false, minLength: 4096, periodicFlush: 100 }) : undefined;
  const stream = own ?? to;
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime } as const;
  const logger = typeof stream === 'number' ? pino(options) : pino(options, stream);
  return {
    log: (entry) => logger[entry.level](lineOf(entry), entry.message),
    flush: () => own?.flushSync(),
  };
}

function lineOf({ level: _, message: __, durationMs, error, ...entry }: LogEntry): object {
  return {
    ...entry,
    ...(durationMs !== undefined && { durationMs: Math.round(durationMs * 1000) / 1000 }),
    ...(error !== undefined && { error: spelled(error) }),
  };
}

/** An error with what caused it, each with its stack. */
function spelled(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${spelled(error.cause)}`;
}
