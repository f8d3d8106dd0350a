import { InternalError } from '../errors.ts';

/** Milliseconds of the wire's seconds, where 0 is never. */
export function inMs(seconds: number | null | undefined): number | undefined {
  return seconds ? Math.round(seconds * 1000) : undefined;
}

/** Seconds, as the wire has them. */
export function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

/** An instant of an answer; `InternalError` for a text that is none. */
export function date(field: string, value: string): Date {
  const parsed = new Date(value);
  if (Number.isNaN(parsed.getTime()))
    throw new InternalError(`the server's answer has a ${field} that is no date: ${value}`);
  return parsed;
}
