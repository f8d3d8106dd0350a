/** A refusal that only HTTP knows, such as 405 or 415: what the envelope says, and the headers that go with it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** The envelope's `type`. */
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    type: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = status;
    this.type = type;
    this.headers = headers;
  }
}
