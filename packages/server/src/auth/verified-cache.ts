const maxEntries = 1024;

/** Remembers what was proved by which bearer, by its digest, for a while; the oldest go first above 1,024. */
export interface VerifiedCache<T> {
  get(digest: string, nowMs: number): T | undefined;
  /** Proves it once, however many ask at the same time; what is not so is not remembered. */
  prove(digest: string, proof: () => Promise<T | undefined>, untilMs: (proved: T) => number): Promise<T | undefined>;
}

/** Makes an empty cache. */
export function verifiedCache<T>(): VerifiedCache<T> {
  const entries = new Map<string, { readonly proved: T; readonly untilMs: number }>();
  const underWay = new Map<string, Promise<T | undefined>>();
  return {
    get(digest, nowMs) {
      const entry = entries.get(digest);
      if (entry === undefined) return undefined;
      if (nowMs < entry.untilMs) return entry.proved;
      entries.delete(digest);
      return undefined;
    },
    async prove(digest, proof, untilMs) {
      const known = underWay.get(digest);
      if (known) return known;
      const proving = proof().finally(() => underWay.delete(digest));
      underWay.set(digest, proving);
      const proved = await proving;
      if (proved === undefined) return undefined;
      const [oldest] = entries.keys();
      if (entries.size >= maxEntries && oldest !== undefined) entries.delete(oldest);
      entries.set(digest, { proved, untilMs: untilMs(proved) });
      return proved;
    },
  };
}
