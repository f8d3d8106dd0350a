import { pause } from './abort.ts';
import { type Client, decorate } from './client.ts';
import { TransportError } from './errors.ts';
import { again, isReplayable, isSafe } from './request.ts';
import { readText } from './status.ts';

/** How to wait; the defaults suit a program, tests inject their own. */
export interface BackoffOptions {
  /** Upper bound of the first wait; it doubles with each further one. @default 250 */
  readonly baseMs?: number | undefined;
  /** Upper bound of one wait. @default 8000, and 30,000 for events */
  readonly maxMs?: number | undefined;
  /** Waits, and rejects with the signal's reason on abort. @default a timer */
  readonly sleep?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  /** A number from 0 up to 1. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** Options of `retrying`. */
export interface RetryOptions extends BackoffOptions {
  /** How often a request is sent at most. @default 3 */
  readonly attempts?: number | undefined;
  /** Upper bound of all waits of one request together. @default 30,000 */
  readonly totalMs?: number | undefined;
  /** Asked before a request that may change something is sent again: whether the server honours its key. @default yes */
  readonly mayRepeat?: ((request: Request) => boolean | Promise<boolean>) | undefined;
  /** The clock that a `Retry-After` date is held against. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Whether a status may be gone at the next attempt. */
export function isTransient(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status);
}

/** Full jitter: anything from nothing up to the doubled bound. */
export function backoff(attempt: number, { baseMs = 250, maxMs = 8000, random = Math.random }: BackoffOptions): number {
  return random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
}

/**
 * Sends again what failed in passing: only safe methods, or a request with an `idempotency-key` and a replayable body.
 * Heeds `Retry-After`; one that asks for more than `maxMs`, or than is left of `totalMs`, gives up with that failure.
 */
export function retrying(client: Client, options: RetryOptions = {}): Client {
  const { attempts = 3, maxMs = 8000, totalMs = 30_000, sleep = pause, now = Date.now, mayRepeat } = options;
  return decorate(client, async (request) => {
    const repeatable = isReplayable(request) && (isSafe(request) || request.headers.has('idempotency-key'));
    let left = totalMs;
    for (let attempt = 1; ; attempt++) {
      let response: Response | undefined;
      let failure: unknown;
      try {
        response = await client.send(attempt > 1 ? again(request) : request);
        if (!isTransient(response.status)) return response;
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        failure = error;
      }
      const wait = retryAfter(response?.headers.get('retry-after'), now) ?? backoff(attempt, options);
      left -= wait;
      const tired = !repeatable || attempt >= attempts || wait > maxMs || left < 0;
      if (tired || !(isSafe(request) || !mayRepeat || (await mayRepeat(request)))) {
        if (response) return response;
        throw failure;
      }
      if (response) await readText(response);
      await sleep(wait, request.signal);
    }
  });
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now; undefined when it is neither. */
function retryAfter(value: string | null | undefined, now: () => number): number | undefined {
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse makes a year of "-5".
  const ms = /^[a-z]/i.test(value) ? Date.parse(value) - now() : NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
