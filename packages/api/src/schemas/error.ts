import * as z from 'zod';
import { maybe } from './field.ts';

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
export const errorModel: z.ZodType<ErrorModel> = z.object({
  message: z.string(),
  type: z.string(),
  code: z.union([z.int().min(400).max(599), z.string().regex(/^[a-z_]+$/)]),
  request_id: maybe(z.string()),
  stack: maybe(z.array(z.string())),
});

/** The body of every answer that is an error. */
export interface ErrorResponse {
  readonly error: ErrorModel;
}

/** Reads an error's body, and the data of an `error` event. */
export const errorResponse: z.ZodType<ErrorResponse> = z.object({ error: errorModel });
