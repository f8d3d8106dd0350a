import type { Permission } from '@boxlite/api';

/** Who keeps a credential that is not of exactly one tenant: only the operator, on the server's own machine. */
export const operator = '*';

/** A credential that is kept, without its secret. Times in milliseconds since 1970. */
export interface Credential {
  /** `client-…` is also the client's id; `key-…` has the public part of the key. */
  readonly id: string;
  /** A client gets tokens for its secret; a key is sent as it is. */
  readonly kind: 'client' | 'key';
  /** For people; unique within its owner. */
  readonly name: string;
  /** The one tenant that it belongs to, or {@link operator}: names are unique within it. */
  readonly owner: string;
  /** Where it may be used, the first one where a request names none; undefined for every tenant. */
  readonly tenants: readonly string[] | undefined;
  /** What it may do. */
  readonly permissions: ReadonlySet<Permission>;
  /** When it was made. */
  readonly createdAtMs: number;
  /** The principal that made it. */
  readonly createdBy: string;
  /** Whose limits its requests count on: the first of those that made each other's keys down to this one, or itself. */
  readonly root: string;
  /** When it ends; undefined for never. */
  readonly expiresAtMs: number | undefined;
  /** When it was ended; undefined when it was not. */
  readonly revokedAtMs: number | undefined;
  /** To the minute. */
  readonly usedAtMs: number | undefined;
}

/** A credential to make. */
export interface NewCredential {
  /** For people; unique within its owner. */
  readonly name: string;
  /** Undefined for every tenant. */
  readonly tenants: readonly string[] | undefined;
  /** What it may do. */
  readonly permissions: ReadonlySet<Permission>;
  /** The principal that makes it. */
  readonly createdBy: string;
  /** That of who made it, where that is somebody with limits. @default itself */
  readonly root?: string | undefined;
  /** When it ends, in milliseconds since 1970. @default never */
  readonly expiresAtMs?: number | undefined;
}

/** Whether a credential is good at a time. */
export function isGood({ revokedAtMs, expiresAtMs }: Credential, nowMs: number): boolean {
  return revokedAtMs === undefined && (expiresAtMs === undefined || nowMs < expiresAtMs);
}
