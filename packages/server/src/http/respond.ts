import { type ErrorAnswer, errorBody } from './error-answer.ts';
import type { Generation } from './generation.ts';
import { textResponse } from './whole-text.ts';

/** An answer in JSON, with its length. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return textResponse(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}

/** An answer without a body. */
export function empty(status: number): Response {
  return new Response(null, { status });
}

/** The envelope of an error with the error's own headers, for clients of a generation. */
export function refusal(answer: ErrorAnswer, generation: Generation): Response {
  return json(answer.status, errorBody(answer, generation), { 'x-request-id': answer.requestId, ...answer.headers });
}
