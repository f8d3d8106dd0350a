import { randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeLength = 10;
const randomLength = 16;

let lastMs = 0;
let lastRandom: number[] = [];
let pool = Buffer.alloc(0);

/** A new ULID; within one process each is greater than the one before, so ids sort by creation. */
export function ulid(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    lastRandom = randomDigits();
  } else {
    increment(lastRandom);
  }
  let time = '';
  for (let rest = lastMs, i = 0; i < timeLength; i++, rest = Math.floor(rest / 32)) {
    time = alphabet.charAt(rest % 32) + time;
  }
  for (const digit of lastRandom) time += alphabet.charAt(digit);
  return time;
}

function randomDigits(): number[] {
  if (pool.length === 0) pool = randomBytes(randomLength * 64);
  const digits: number[] = [];
  for (let i = 0; i < randomLength; i++) digits.push(pool.readUInt8(i) % 32);
  pool = pool.subarray(randomLength);
  return digits;
}

function increment(digits: number[]): void {
  for (let i = digits.length - 1; i >= 0; i--) {
    const next = ((digits[i] ?? 0) + 1) % 32;
    digits[i] = next;
    if (next !== 0) return;
  }
}

/** Whether a text has the form of a ULID. */
export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}
