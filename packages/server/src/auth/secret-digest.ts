import { hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a secret: what is compared instead of the secret, so that neither length nor content shows in time. */
export function secretDigest(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Whether a secret has this digest, in time that tells nothing. */
export function secretMatches(secret: string, digest: Buffer): boolean {
  return timingSafeEqual(secretDigest(secret), digest);
}
