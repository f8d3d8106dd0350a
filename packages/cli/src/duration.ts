import { InvalidArgumentError } from 'commander';

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `90s`, `15m`, `12h` or `7d` as milliseconds; commander tells the rest of the line. */
export function durationMs(text: string): number {
  const [, count, unit = ''] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  const each = unitMs[unit];
  if (count === undefined || each === undefined) throw new InvalidArgumentError('Write it as 90s, 15m, 12h or 7d.');
  return Number(count) * each;
}
