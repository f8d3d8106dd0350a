import type { Body } from './body.ts';
import type { Pagination } from './pagination.ts';
import type { QueryParams } from './params.ts';

interface Call {
  /** Relative to its base and already escaped; build it with `path`. */
  readonly path: string;
  /** Which root of the service the path hangs off; `origin` is where the service itself begins. @default 'api' */
  readonly base?: 'api' | 'instance' | 'origin' | undefined;
  /** The query; what is `undefined` is left out. @default none */
  readonly params?: QueryParams | undefined;
  /** Beside those that a client adds. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A call that only reads, and so has no body. */
export interface ReadEndpoint extends Call {
  /** The HTTP method. */
  readonly method: 'GET' | 'HEAD';
  /** Not here: what only reads has no body. */
  readonly body?: never;
}

/** A call that may change something, and may have a body. */
export interface WriteEndpoint extends Call {
  /** The HTTP method. */
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** What is sent; `json`, `form` and `stream` make one. @default none */
  readonly body?: Body | undefined;
}

/** One REST call, described as plain data. Knows nothing of transports or result types. */
export type Endpoint = ReadEndpoint | WriteEndpoint;

/** The HTTP methods that an endpoint can have. */
export type Method = Endpoint['method'];

/** An endpoint whose result is one page of a list. */
export interface Pageable extends ReadEndpoint {
  /** Pages are only read. */
  readonly method: 'GET';
  /** How the next page is found. Data, so it may depend on the endpoint's parameters. */
  readonly pagination: Pagination;
}
