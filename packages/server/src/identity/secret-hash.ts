import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { HttpError } from '../http/http-error.ts';

const cost = { N: 16_384, r: 8, p: 1 };
const hashBytes = 32;
// Each takes 16 MiB and a good part of a processor for some 40 ms.
const mostAtOnce = 2;
const mostWaiting = 100;

/** A secret as it is kept: `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derived(secret, salt, hashBytes, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Whether a secret is the one that was kept. 429 while too many others are being checked. */
export async function matchesHash(secret: string, kept: string): Promise<boolean> {
  const [scheme, N, r, p, salt = '', hash = ''] = kept.split('$');
  if (scheme !== 'scrypt') return false;
  const wanted = Buffer.from(hash, 'base64url');
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  return timingSafeEqual(await derived(secret, Buffer.from(salt, 'base64url'), wanted.length, options), wanted);
}

let running = 0;
const waiting: (() => void)[] = [];

async function derived(secret: string, salt: Buffer, length: number, options: ScryptOptions): Promise<Buffer> {
  if (running >= mostAtOnce) {
    if (waiting.length >= mostWaiting) {
      const message = 'too many credentials are being checked; try again';
      throw new HttpError(429, 'ResourceExhaustedError', message, { 'retry-after': '2' });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await new Promise((resolve, reject) =>
      scrypt(secret, salt, length, options, (error, key) => (error ? reject(error) : resolve(key))),
    );
  } finally {
    // Whoever waits takes the place over.
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
