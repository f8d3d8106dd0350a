import type { Body } from './body.ts';
import type { Pagination } from './pagination.ts';
import type { QueryParams } from './params.ts';

interface Call {
  /** Relative to its base and already escaped; build it with `path`. */
  readonly path: string;
  /** Which root of the service the path hangs off; `origin` is where the service itself begins. @default 'api' */
  readonly base?: 'api' | 'instance' | 'origin' | undefined;
  readonly params?: QueryParams | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A call that only reads, and so has no body. */
export interface ReadEndpoint extends Call {
  readonly method: 'GET' | 'HEAD';
  readonly body?: never;
}

/** A call that may change something, and may have a body. */
export interface WriteEndpoint extends Call {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: Body | undefined;
}

/** One REST call, described as plain data. Knows nothing of transports or result types. */
export type Endpoint = ReadEndpoint | WriteEndpoint;

/** The HTTP methods that an endpoint can have. */
export type Method = Endpoint['method'];

/** An endpoint whose result is one page of a list. */
export interface Pageable extends ReadEndpoint {
  readonly method: 'GET';
  /** How the next page is found. Data, so it may depend on the endpoint's parameters. */
  readonly pagination: Pagination;
}
