import WebSocket, { type ClientOptions } from 'ws';
import { must, NotApplicable, Unmet } from './outcome.ts';
import type { Caller } from './wire.ts';

/** A message of a server over a WebSocket. */
export type Heard =
  | { readonly kind: 'binary'; readonly bytes: Buffer }
  | { readonly kind: 'text'; readonly message: unknown }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close'; readonly code: number };

/** A WebSocket, with all that the server sent over it. */
export interface Attachment {
  /** Headers of the 101. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly heard: readonly Heard[];
  /** Bytes as binary, anything else as JSON text. */
  say(message: Uint8Array | string | object): void;
  /** Waits for a message that fits; `Unmet` where the WebSocket closes or 15 s go by before. */
  until(what: string, fits: (heard: Heard) => boolean): Promise<void>;
  /** Waits for the close. */
  closed(): Promise<void>;
  /** What came on a channel so far: of `attach` 1 or 2, of a terminal undefined. */
  output(channel: 1 | 2 | undefined): Buffer;
  /** Leaves. */
  close(): Promise<void>;
}

const patienceMs = 15_000;

/** What an upgrade that did not happen was answered. */
export interface Refused {
  readonly status: number;
}

/** Opens a WebSocket; what the server answered where it refuses. */
export async function upgrade(caller: Caller, path: string): Promise<Attachment | Refused> {
  const options: ClientOptions = { headers: caller.headers, handshakeTimeout: patienceMs, perMessageDeflate: false };
  const socket = new WebSocket(`${caller.root}${path}`.replace(/^http/, 'ws'), options);
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  const hear = (one: Heard): void => {
    heard.push(one);
    for (const look of waiting) look();
  };
  let headers: Attachment['headers'] = {};
  socket.on('upgrade', (response) => {
    headers = response.headers;
  });
  socket.on('message', (data: Buffer, binary) =>
    hear(binary ? { kind: 'binary', bytes: data } : { kind: 'text', message: parsed(data.toString()) }),
  );
  socket.on('ping', () => hear({ kind: 'ping' }));
  socket.on('close', (code) => hear({ kind: 'close', code }));
  const refused = await new Promise<Refused | undefined>((resolve, reject) => {
    socket.once('open', () => resolve(undefined));
    socket.on('error', (error) => reject(new Unmet(`the WebSocket ${path} failed: ${error.message}`)));
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
      socket.terminate();
    });
  });
  if (refused) return refused;

  const until: Attachment['until'] = async (what, fits) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      const end = heard.at(-1);
      if (heard.some(fits)) resolve();
      else if (end?.kind === 'close')
        reject(new Unmet(`${what} must come; the WebSocket was closed with ${end.code} before`));
    };
    const timer = setTimeout(() => reject(new Unmet(`${what} must come; it did not in 15 s`)), patienceMs);
    waiting.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(look);
    }
  };
  const closed = (): Promise<void> => until('the close', ({ kind }) => kind === 'close');
  return {
    headers,
    heard,
    until,
    closed,
    say(message) {
      const binary = message instanceof Uint8Array;
      socket.send(binary || typeof message === 'string' ? message : JSON.stringify(message), { binary });
    },
    output(channel) {
      const pieces = heard.flatMap((one) => (one.kind === 'binary' ? [one.bytes] : []));
      if (channel === undefined) return Buffer.concat(pieces);
      return Buffer.concat(pieces.flatMap((piece) => (piece[0] === channel ? [piece.subarray(1)] : [])));
    },
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await closed();
    },
  };
}

/** Holds an upgrade to have happened; where the whole way is not there, it is `NotApplicable`. */
export function opened(found: Attachment | Refused): Attachment {
  if (!('status' in found)) return found;
  if (found.status === 405) throw new NotApplicable('the server has no such WebSocket');
  throw new Unmet(`the upgrade must be 101; it is ${found.status}`);
}

/** Holds an upgrade to be refused with a status. */
export async function refusedWith(found: Attachment | Refused, status: number): Promise<void> {
  if (!('status' in found)) await found.close();
  const answered = 'status' in found ? found.status : 101;
  must(answered === status, `the upgrade must be ${status}; it is ${answered}`);
}

/** JSON, or the text itself, which then is what is complained about. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
