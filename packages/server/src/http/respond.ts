import { type ErrorAnswer, errorBody } from './error-answer.ts';
import type { Generation } from './generation.ts';
import type { Reply } from './reply.ts';

type HeaderFields = Readonly<Record<string, string>>;

/** An answer whose body is a text, with its length. */
export function text(status: number, body: string, headers: HeaderFields): Reply {
  return { status, headers: { ...headers, 'content-length': `${Buffer.byteLength(body)}` }, body };
}

/** An answer in JSON, with its length. */
export function json(status: number, value: unknown, headers: HeaderFields = {}): Reply {
  return jsonText(status, JSON.stringify(value), headers);
}

/** The same for what is written already. */
export function jsonText(status: number, body: string, headers: HeaderFields = {}): Reply {
  return text(status, body, { 'content-type': 'application/json', ...headers });
}

/** An answer without a body. */
export function empty(status: number, headers: HeaderFields = {}): Reply {
  return { status, headers, body: null };
}

/** An answer, 200, that is sent as it comes, and that nobody keeps. */
export function streamed(type: string, body: ReadableStream<Uint8Array>): Reply {
  return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-store' }, body };
}

/** Server-Sent Events, which no proxy may hold back. */
export function eventSource(
  body: ReadableStream<Uint8Array>,
  { status = 200, headers = {} }: { readonly status?: number; readonly headers?: HeaderFields } = {},
): Reply {
  const stream = streamed('text/event-stream; charset=utf-8', body);
  return { status, headers: { ...stream.headers, 'x-accel-buffering': 'no', ...headers }, body };
}

/** The envelope of an error with the error's own headers, for clients of a generation. */
export function refusal(answer: ErrorAnswer, generation: Generation): Reply {
  return json(answer.status, errorBody(answer, generation), { 'x-request-id': answer.requestId, ...answer.headers });
}
