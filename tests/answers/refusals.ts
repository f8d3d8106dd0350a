import type { SpecOperation } from '../tenants/operations.ts';
import { isDocumented, type Variation } from './site.ts';

/** Why the server refuses whatever is asked for, and how that is brought about. */
export interface Refusal {
  readonly cause: string;
  readonly status: number;
  /** Which of the servers beside one another is asked. @default the plain one */
  readonly server?: 'busy';
  readonly of: (operation: SpecOperation) => boolean;
  readonly given: (operation: SpecOperation) => Variation;
}

const tooLong = 2 ** 44;
const inTenant = ({ path, guarded }: SpecOperation): boolean => guarded && path.includes('{prefix}');

/** Each of them for every operation whose contract has that status: one that is added is asked by itself. */
export const refusals: readonly Refusal[] = [
  {
    cause: 'no credential',
    status: 401,
    of: ({ guarded }) => guarded,
    given: () => ({ bearer: null }),
  },
  {
    cause: 'a key that is none',
    status: 401,
    of: ({ guarded }) => guarded,
    given: () => ({ bearer: `blk_live_${'0'.repeat(16)}${'x'.repeat(32)}` }),
  },
  {
    cause: 'a key without the permission',
    status: 403,
    of: ({ permission }) => permission !== undefined,
    given: ({ permission }) => ({ bearer: `without-${permission}` }),
  },
  {
    cause: 'a key of another tenant',
    status: 404,
    of: inTenant,
    given: () => ({ bearer: 'stranger-key' }),
  },
  {
    cause: 'a URL that is no UTF-8',
    status: 400,
    of: () => true,
    given: ({ query }) => ({ query: `${query.slice(1)}${query === '' ? '' : '&'}x=%ff` }),
  },
  {
    cause: 'a body of another type',
    status: 415,
    of: isDocumented(415),
    given: () => ({ headers: { 'content-type': 'text/csv' } }),
  },
  {
    cause: 'a body that is too large',
    status: 413,
    // The 413 of an operation without a body is about something else.
    of: (operation) => operation.body !== undefined && isDocumented(413)(operation),
    given: () => ({ missingBytes: tooLong }),
  },
  {
    cause: 'an idempotency key that another request had',
    status: 422,
    of: ({ method, guarded }) => guarded && !/GET|HEAD/.test(method),
    given: () => ({ headers: { 'idempotency-key': 'used' } }),
  },
  {
    cause: 'more requests of one key than it may send',
    status: 429,
    server: 'busy',
    of: ({ guarded }) => guarded,
    given: () => ({}),
  },
  {
    cause: 'a request for a WebSocket that is no upgrade',
    status: 426,
    of: ({ webSocket }) => webSocket,
    given: () => ({ headers: { connection: 'close', upgrade: 'none' } }),
  },
];
