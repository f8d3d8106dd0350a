import { timingSafeEqual } from 'node:crypto';
import { configuredPrincipal, type GrantOptions, type Principal } from './principal.ts';
import { secretDigest, secretMatches } from './secret-digest.ts';

/** A client that asks for tokens with its secret. */
export interface ClientOptions extends GrantOptions {
  /** The `client_id`. */
  readonly id: string;
  /** The `client_secret`. */
  readonly secret: string;
}

/** A key sent as bearer as it is. */
export interface ApiKeyOptions extends GrantOptions {
  /** What the log calls it. @default 'api-key' */
  readonly id?: string;
  /** The key itself. */
  readonly key: string;
}

/** The credentials that a server was started with; no store has them. */
export interface Configured {
  /** Whose key that is. */
  key(bearer: string): Principal | undefined;
  client(id: string): { readonly who: Principal; matches(secret: string): boolean } | undefined;
}

/** Takes what a server was started with; secrets are kept as digests, keys in use as they are. */
export function configured(clients: readonly ClientOptions[], apiKeys: readonly ApiKeyOptions[]): Configured {
  const byId = new Map(
    clients.map(({ id, secret, ...grant }) => {
      const digest = secretDigest(secret);
      const matches = (given: string): boolean => secretMatches(given, digest);
      return [id, { who: configuredPrincipal(id, grant), matches }];
    }),
  );
  const keys = apiKeys.map(({ id = 'api-key', key, ...grant }) => ({
    digest: secretDigest(key),
    who: configuredPrincipal(id, grant),
  }));
  // Keys that came and were right, of which there are no more than keys: what is not one never gets in. A look-up in a
  // Map compares by a hash that the process chose at random, and so tells nothing of them by its time.
  const seen = new Map<string, Principal>();
  return {
    key(bearer) {
      const known = seen.get(bearer);
      if (known) return known;
      const digest = secretDigest(bearer);
      let found: Principal | undefined;
      for (const one of keys) if (timingSafeEqual(one.digest, digest)) found = one.who;
      if (found) seen.set(bearer, found);
      return found;
    },
    client: (id) => byId.get(id),
  };
}
