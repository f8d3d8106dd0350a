import { HttpError } from '../http/http-error.ts';

/** How much one principal may ask of a server. */
export interface LimitOptions {
  /** Requests a second in the long run; ten seconds' worth may come at once. @default 5000 */
  readonly requestsPerSecond?: number;
  /** Requests under way at a time, streams and terminals among them. @default 2000 */
  readonly requestsAtOnce?: number;
}

/** Counts the requests of each principal. */
export interface Limiter {
  /** Lets a request in; what it gives is called once the request is over, twice is fine. 429 with `Retry-After` otherwise. */
  enter(principal: string): () => void;
}

interface Account {
  tokens: number;
  filledAtMs: number;
  underWay: number;
}

const burstSeconds = 10;
const mostAccounts = 10_000;

/** Makes the counters; `nowMs` is the clock. */
export function limiter(options: LimitOptions, nowMs: () => number = Date.now): Limiter {
  const { requestsPerSecond: rate = 5000, requestsAtOnce = 2000 } = options;
  const most = rate * burstSeconds;
  const accounts = new Map<string, Account>();

  function account(principal: string, now: number): Account {
    const known = accounts.get(principal);
    if (known) return known;
    if (accounts.size >= mostAccounts) {
      for (const [name, { underWay, filledAtMs }] of accounts) {
        if (underWay === 0 && now - filledAtMs > burstSeconds * 1000) accounts.delete(name);
      }
    }
    const made = { tokens: most, filledAtMs: now, underWay: 0 };
    accounts.set(principal, made);
    return made;
  }

  return {
    enter(principal) {
      const now = nowMs();
      const own = account(principal, now);
      // A clock that goes back gives nothing, and takes nothing.
      own.tokens = Math.min(most, own.tokens + (Math.max(0, now - own.filledAtMs) / 1000) * rate);
      own.filledAtMs = now;
      if (own.underWay >= requestsAtOnce) {
        throw refused(`${requestsAtOnce} requests of this credential are under way, which is the most at once`, 1);
      }
      if (own.tokens < 1) {
        const seconds = Math.max(1, Math.ceil((1 - own.tokens) / rate));
        throw refused(`this credential may send ${rate} requests a second; try again later`, seconds);
      }
      own.tokens--;
      own.underWay++;
      let over = false;
      return () => {
        if (!over) own.underWay--;
        over = true;
      };
    },
  };
}

function refused(message: string, seconds: number): HttpError {
  return new HttpError(429, 'ResourceExhaustedError', message, { 'retry-after': `${seconds}` });
}
