import type { Principal } from './principal.ts';

/** Calls `cut` once the credential of a principal is no longer good; what it gives ends the looking. */
export type WatchPrincipal = (who: Principal, cut: () => void) => () => void;

/**
 * Looks every so often whether a credential is still good, and calls `cut` once it is not: a stream or a terminal may be
 * open for days. What it gives ends the looking; twice is fine.
 */
export function watchCredential(isGood: () => boolean, everyMs: number, cut: () => void): () => void {
  const timer = setInterval(() => {
    if (isGood()) return;
    clearInterval(timer);
    cut();
  }, everyMs).unref();
  return () => clearInterval(timer);
}
