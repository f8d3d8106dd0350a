import { string, strings, within } from './answer.ts';
import { matching } from './field.ts';
import { either, maybe, object, type Schema } from './schema.ts';

/** What went wrong. */
export interface ErrorModel {
  readonly message: string;
  /** The kind, such as `NotFoundError`; the error table of `boxlite/backend` lists them. */
  readonly type: string;
  /**
   * For the token of an OAuth2 client the HTTP status, 400 to 599: an integer, or clients of generation 1 cannot read the
   * body. For any other credential, or none, the kind in snake_case, as clients of generation 2 read it.
   */
  readonly code: number | string;
  /** As the header `X-Request-Id` says it; only in generation 2. */
  readonly request_id?: string | null | undefined;
  /** Only from a server in debug mode. */
  readonly stack?: readonly string[] | null | undefined;
}

/** Reads an error. */
export const errorModel: Schema<ErrorModel> = object({
  message: string,
  type: string,
  code: either(within(400, 599), matching('code', /^[a-z_]+$/, 'a status or a word')),
  request_id: maybe(string),
  stack: maybe(strings),
});

/** The body of every answer that is an error. */
export interface ErrorResponse {
  readonly error: ErrorModel;
}

/** Reads an error's body, and the data of an `error` event. */
export const errorResponse: Schema<ErrorResponse> = object({ error: errorModel });
