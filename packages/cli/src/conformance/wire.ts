import { must, shown, Unmet } from './outcome.ts';

/** What to send. */
export interface Sent {
  /** Goes as JSON. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer, read to its end. */
export interface Answer {
  /** The request, for messages. */
  readonly request: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON; `Unmet` where it is none. */
  json(): unknown;
  /** Holds the answer to a status; the answer. */
  is(status: number): Answer;
}

/** Asks below one root, with one credential or none. */
export interface Caller {
  /** Before every path, such as `http://host/v1/acme`. */
  readonly root: string;
  readonly headers: Readonly<Record<string, string>>;
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
}

/** Longer than this no answer may take, streams included. */
const patienceMs = 60_000;

/** A caller; nothing but `fetch` lies between it and the server. */
export function caller(root: string, bearer: string | undefined): Caller {
  const own = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return {
    root,
    headers: own,
    async send(method, path, { json, body, headers } = {}) {
      const request = `${method} ${path}`;
      const text = json === undefined ? undefined : JSON.stringify(json);
      try {
        const response = await fetch(`${root}${path}`, {
          method,
          redirect: 'manual',
          headers: { ...own, ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
          body: text ?? body ?? null,
          signal: AbortSignal.timeout(patienceMs),
        });
        return answer(request, response, Buffer.from(await response.arrayBuffer()));
      } catch (error) {
        throw new Unmet(`${request} got no whole answer: ${reason(error)}`);
      }
    },
  };
}

function answer(request: string, { status, headers }: Response, bytes: Buffer): Answer {
  const text = bytes.toString();
  const whole: Answer = {
    request,
    status,
    headers,
    bytes,
    text,
    json() {
      const type = headers.get('content-type') ?? 'none';
      must(/^application\/json\b/.test(type), `${request} must answer JSON; its content type is ${type}`);
      try {
        return JSON.parse(text);
      } catch {
        throw new Unmet(`${request} must answer JSON; it answered ${shown(text)}`);
      }
    },
    is(wanted) {
      must(status === wanted, `${request} must be ${wanted}; it is ${status} ${shown(text)}`);
      return whole;
    },
  };
  return whole;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
