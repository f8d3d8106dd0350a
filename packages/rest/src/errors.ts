import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What this library throws on purpose; tell the three kinds apart by `code`. An abort throws the signal's own reason. */
export abstract class RestError extends Error {
  /** Tells the kinds apart: no response, a failure status, or a success that is not what was asked for. */
  abstract readonly code: 'transport' | 'status' | 'schema';
}

/** The request got no response, or the response broke off; `cause` says why. */
export class TransportError extends RestError {
  /** The class's own name. */
  override readonly name = 'TransportError';
  readonly code = 'transport';
}

/** The server answered with a failure status; `message` is what it said, at most 500 characters. */
export class StatusError extends RestError {
  /** The class's own name. */
  override readonly name = 'StatusError';
  readonly code = 'status';
  /** The HTTP status, such as 404. */
  declare readonly status: number;
  /** The headers of the response. */
  declare readonly headers: Headers;
  /** Parsed JSON when the server sent JSON, else the text; undefined when empty. About 64 KiB are read at most. */
  declare readonly body: unknown;
  /** The `x-request-id` of the response, to quote to whoever runs the service. */
  declare readonly requestId: string | undefined;

  constructor(message: string, status: number, headers: Headers, body: unknown) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.requestId = headers.get('x-request-id') ?? undefined;
  }
}

/** A 2xx response that is not what the caller asked for; `issues` lists each difference. */
export class SchemaError extends RestError {
  /** The class's own name. */
  override readonly name = 'SchemaError';
  readonly code = 'schema';
  /** Each difference, with its path. */
  declare readonly issues: readonly StandardSchemaV1.Issue[];

  constructor(issues: readonly StandardSchemaV1.Issue[]) {
    super(issues.map(spellIssue).join('; '));
    this.issues = issues;
  }
}

function spellIssue({ path = [], message }: StandardSchemaV1.Issue): string {
  return [...path.map((part) => String(Object(part).key ?? part)), message].join(': ');
}

/** A SchemaError for what no schema checks. */
export function mismatch(message: string): SchemaError {
  return new SchemaError([{ message }]);
}

/** The TransportError for a body that ends before its end. */
export function brokenOff(cause: unknown): TransportError {
  return new TransportError(`the response broke off: ${cause}`, { cause });
}
