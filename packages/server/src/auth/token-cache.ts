import type { Principal } from './principal.ts';

const maxEntries = 1024;

/** Remembers which tokens were verified, by digest, until they expire; the oldest go first above 1,024. */
export interface TokenCache {
  get(digest: string, nowMs: number): Principal | undefined;
  set(digest: string, who: Principal, expiresAtMs: number): void;
}

/** Makes an empty cache. */
export function tokenCache(): TokenCache {
  const entries = new Map<string, { readonly who: Principal; readonly expiresAtMs: number }>();
  return {
    get(digest, nowMs) {
      const entry = entries.get(digest);
      if (entry === undefined) return undefined;
      if (nowMs < entry.expiresAtMs) return entry.who;
      entries.delete(digest);
      return undefined;
    },
    set(digest, who, expiresAtMs) {
      const [oldest] = entries.keys();
      if (entries.size >= maxEntries && oldest !== undefined) entries.delete(oldest);
      entries.set(digest, { who, expiresAtMs });
    },
  };
}
