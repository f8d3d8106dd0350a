/**
 * An answer before it is written. A `Response` says the same, but costs several times as much as all else that a small
 * answer needs: it is made only for who asks an app for one.
 */
export interface Reply {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** A text is the whole of it, with its length in `headers`; null for none. */
  readonly body: string | ReadableStream<Uint8Array> | null;
  /** What the same request again is given, where this cannot be given twice. @default this, if it is whole */
  readonly repeated?: Reply | undefined;
}

/** Whether all of it is there: no stream. */
export function isWhole(reply: Reply): reply is Reply & { readonly body: string | null } {
  return reply.body === null || typeof reply.body === 'string';
}

/** The same as a `Response`. */
export function asResponse({ status, headers, body }: Reply): Response {
  return new Response(body, { status, headers });
}
