import { createHash, type Hash } from 'node:crypto';
import type { OperationId } from '@boxlite/api';
import { readBytes } from '../http/body.ts';
import type { RestCall } from '../routes/route.ts';

/** What tells one request from another: two with one key must have the same. */
export interface Fingerprint {
  /** Operation, path, query and the headers that say how the body is meant. */
  readonly head: string;
  /** Length and digest of the body; undefined until all of it has passed. */
  readonly body: string | undefined;
}

/** A request whose body is hashed. */
export interface Payload extends Fingerprint {
  readonly streamed: boolean;
  /** What the route gets in place of the request. */
  readonly request: Request;
  /** Reads what is left of a streamed body, up to `most` bytes; false where it is longer or broke off. */
  finish(most: number): Promise<boolean>;
  /** Reads no more. */
  leave(): void;
}

/** Bodies that are too large to hold. */
const streamedOperations: ReadonlySet<OperationId> = new Set([
  'uploadFiles',
  'writeFile',
  'importBox',
  'importImage',
  'sendExecutionInput',
]);

/** Takes a request's body: whole, or as the route reads it. One that is held whole goes on without its client. */
export async function payloadOf(operation: OperationId, call: RestCall): Promise<Payload> {
  const { url, method, headers, body } = call.request;
  const { prefix: _, ...names } = call.params;
  const meaning = [headers.get('content-type'), headers.get('x-close-stdin')];
  const head = createHash('sha256')
    .update(JSON.stringify([operation, Object.entries(names).sort(), new URL(url).search, meaning]))
    .digest('base64url');
  if (streamedOperations.has(operation)) return streamed(head, call.request);
  const bytes = body === null ? new Uint8Array() : await readBytes(call.request);
  const request = new Request(url, { method, headers, body: bytes.byteLength === 0 ? null : new Uint8Array(bytes) });
  const digest = spelled(createHash('sha256').update(bytes), bytes.byteLength);
  return { head, body: digest, streamed: false, request, finish: async () => true, leave() {} };
}

/** How many bytes a body had. */
export function bodyLength({ body = '0' }: Fingerprint): number {
  return Number(body.split(':')[0]);
}

function spelled(hash: Hash, length: number): string {
  return `${length}:${hash.digest('base64url')}`;
}

function streamed(head: string, request: Request): Payload {
  const hash = createHash('sha256');
  const reader = request.body?.getReader();
  let length = 0;
  let digest: string | undefined;

  async function next(): Promise<Uint8Array | undefined> {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (value) {
      hash.update(value);
      length += value.byteLength;
    }
    if (done) digest ??= spelled(hash, length);
    return value;
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await next();
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
      // What the route does not need is still read, for the digest.
      cancel: () => {},
    },
    { highWaterMark: 0 },
  );
  const { url, method, headers, signal } = request;
  const body = reader ? { body: stream, duplex: 'half' as const } : {};
  return {
    head,
    get body() {
      return digest;
    },
    streamed: true,
    request: new Request(url, { method, headers, signal, ...body }),
    async finish(most) {
      const end = length + most;
      try {
        while (digest === undefined && length <= end) await next();
      } catch {
        return false;
      }
      return digest !== undefined;
    },
    leave: () => void reader?.cancel().catch(() => {}),
  };
}
