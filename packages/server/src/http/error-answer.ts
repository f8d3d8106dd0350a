import { BoxliteError, errorTable } from 'boxlite/backend';
import { HttpError } from './http-error.ts';

/** An error as a client may see it. */
export interface ErrorAnswer {
  readonly message: string;
  readonly type: string;
  /** The HTTP status, also the envelope's integer `code`. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a client is told of an error; a 500 says nothing of the inside and points to the log instead. */
export function errorAnswer(error: unknown, requestId: string): ErrorAnswer {
  if (error instanceof HttpError) {
    return { message: error.message, type: error.type, status: error.status, headers: error.headers };
  }
  const { type, status } = errorTable[error instanceof BoxliteError ? error.code : 'internal'];
  const known = error instanceof BoxliteError && status !== 500;
  const message = known ? error.message : `the server failed; its log has the cause under request id ${requestId}`;
  return { message, type, status, headers: {} };
}

/** The body that every error has, on the wire of generation 1: `code` is the HTTP status, an integer. */
export function errorBody(answer: ErrorAnswer): { error: { message: string; type: string; code: number } } {
  return { error: { message: answer.message, type: answer.type, code: answer.status } };
}
