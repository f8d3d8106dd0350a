import { inspect } from 'node:util';
import type { Log, LogEntry } from '../log.ts';
import { type LineWriter, lineWriter } from './line-writer.ts';

/** How much is logged: `info` has a line for every request, `debug` also those of monitors. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** A log as JSON lines. */
export interface LineLog {
  /** Takes an entry. */
  readonly log: Log;
  /** Writes out what is still held back; what nobody takes within a second is given up. */
  flush(): void;
}

/** As pino and bunyan number them, whose tools read these lines. */
const numbers = { debug: 20, info: 30, warn: 40, error: 50, silent: Number.POSITIVE_INFINITY } as const;

/**
 * Writes the log as one line of JSON an entry, to a file descriptor or any stream. Lines may be held back for 100 ms; while
 * more than 1 MiB of them waits for a reader, new ones are dropped and counted.
 */
export function lineLog(level: LogLevel, to: number | Pick<LineWriter, 'write'>): LineLog {
  const least = numbers[level];
  const now = isoTimes();
  const line = (of: LogEntry['level'], fields: object, msg: string): string =>
    `${JSON.stringify({ level: numbers[of], time: now(), ...fields, msg })}\n`;
  const onLost = (lines: number): string =>
    numbers.error < least ? '' : line('error', { lines }, 'lines of the log were dropped: nobody read it');
  const own = typeof to === 'number' ? lineWriter(to, { onLost }) : undefined;
  const writer = typeof to === 'number' ? own : to;
  return {
    log(entry) {
      if (numbers[entry.level] >= least) writer?.write(line(entry.level, fieldsOf(entry), entry.message));
    },
    flush: () => own?.flush(),
  };
}

/** The time of a line; a busy server logs many in a millisecond, and spelling it is dear. */
function isoTimes(): () => string {
  let at = Number.NaN;
  let said = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      said = new Date(now).toISOString();
    }
    return said;
  };
}

/** Named one by one: to leave two out and spread the rest costs as much as to spell them. */
function fieldsOf({ requestId, operation, method, path, status, principal, durationMs, error }: LogEntry): object {
  return {
    ...{ requestId, operation, method, path, status, principal },
    durationMs: durationMs === undefined ? undefined : Math.round(durationMs * 1000) / 1000,
    error: error === undefined ? undefined : spelled(error),
  };
}

/** An error with what caused it, each with its stack; one may be its own cause. */
function spelled(error: unknown, most = 10): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : inspect(error);
  const own = String(error.stack ?? error.message);
  return error.cause === undefined || most === 1 ? own : `${own}\ncaused by ${spelled(error.cause, most - 1)}`;
}
