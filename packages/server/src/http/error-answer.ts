import { BoxliteError, type ErrorCode, errorTable } from 'boxlite/backend';
import type { Generation } from './generation.ts';
import { HttpError } from './http-error.ts';

/** An error as a client may see it. */
export interface ErrorAnswer {
  readonly message: string;
  readonly type: string;
  /** The HTTP status. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
}

/** The body that an error has. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: number | string;
    readonly request_id?: string;
  };
}

/** What RFC 9110 wants beside a status. */
const headersOf: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer realm="boxlite"' },
  // Short: what is at a limit is free again when a command ends or a box goes, and on a local runtime nobody waits at all.
  429: { 'retry-after': '1' },
};

/** What a client is told of an error; a 500 says nothing of the inside and points to the log instead. */
export function errorAnswer(error: unknown, requestId: string): ErrorAnswer {
  if (error instanceof HttpError) {
    const { message, type, status, headers } = error;
    return { message, type, status, headers, requestId };
  }
  const { type, status } = errorTable[error instanceof BoxliteError ? error.code : 'internal'];
  const known = error instanceof BoxliteError && status !== 500;
  const message = known ? error.message : `the server failed; its log has the cause under request id ${requestId}`;
  return { message, type, status, headers: headersOf[status] ?? {}, requestId };
}

// Where clients of generation 2 know another word than ours.
const words: Partial<Record<ErrorCode, string>> = {
  execution_lost: 'session_reaped',
  image_failed: 'image_pull_failed',
  network_failed: 'network_unavailable',
  engine_failed: 'engine_unavailable',
  storage_failed: 'storage_error',
};
const types: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'AuthError',
  execution_lost: 'SessionReapedError',
};
const codes: ReadonlyMap<string, ErrorCode> = new Map(
  Object.keys(errorTable)
    .filter((code): code is ErrorCode => code in errorTable)
    .map((code) => [errorTable[code].type, code]),
);

/** The body that an error has: in generation 1 `code` is the HTTP status, an integer; in generation 2 it is a word. */
export function errorBody({ message, type, status, requestId }: ErrorAnswer, generation: Generation): ErrorBody {
  if (generation === 1) return { error: { message, type, code: status } };
  const code = codes.get(type) ?? 'invalid_argument';
  return { error: { message, type: types[code] ?? type, code: words[code] ?? code, request_id: requestId } };
}
