import { type ErrorAnswer, errorBody } from './error-answer.ts';
import type { Generation } from './generation.ts';

/** An answer in JSON, with its length. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const body = Buffer.from(JSON.stringify(value));
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json', 'content-length': `${body.length}`, ...headers },
  });
}

/** An answer without a body. */
export function empty(status: number): Response {
  return new Response(null, { status });
}

/** The envelope of an error with the error's own headers, for clients of a generation. */
export function refusal(answer: ErrorAnswer, generation: Generation): Response {
  return json(answer.status, errorBody(answer, generation), { 'x-request-id': answer.requestId, ...answer.headers });
}
