import { type DestinationStream, pino } from 'pino';
import type { Log, LogEntry } from '../log.ts';
import { lineWriter } from './line-writer.ts';

/** How much is logged: `info` has a line for every request, `debug` also those of monitors. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** A log as JSON lines. */
export interface LineLog {
  /** Takes an entry. */
  readonly log: Log;
  /** Writes out what is still held back; what nobody takes within a second is given up. */
  flush(): void;
}

/**
 * Writes the log as one line of JSON an entry, to a file descriptor or any stream. Lines may be held back for 100 ms; while
 * more than 1 MiB of them waits for a reader, new ones are dropped and counted.
 */
export function lineLog(level: LogLevel, to: number | DestinationStream): LineLog {
  const options = { level, base: null, timestamp: isoTimes() } as const;
  const onLost = (lines: number): string => {
    let said = '';
    const write = (line: string): void => {
      said = line;
    };
    pino(options, { write }).error({ lines }, 'lines of the log were dropped: nobody read it');
    return said;
  };
  const own = typeof to === 'number' ? lineWriter(to, { onLost }) : undefined;
  const logger = typeof to === 'number' ? pino(options, own) : pino(options, to);
  return {
    log: (entry) => logger[entry.level](lineOf(entry), entry.message),
    flush: () => own?.flush(),
  };
}

/** The time as pino has it; a busy server logs many lines in a millisecond, and spelling it is dear. */
function isoTimes(): () => string {
  let at = Number.NaN;
  let said = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      said = `,"time":"${new Date(now).toISOString()}"`;
    }
    return said;
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
