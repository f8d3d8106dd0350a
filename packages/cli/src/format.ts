import { Option } from 'commander';
import { type Plain, yaml } from './yaml.ts';

/** `--format` of commands that print records. */
export type Format = 'table' | 'json' | 'yaml';

/** The `--format` option. */
export function formatOption(): Option {
  return new Option('--format <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table');
}

/** The `--quiet` option of a list: it prints no records, so it goes with no format. */
export function quietOption(description: string): Option {
  return new Option('-q, --quiet', description).conflicts('format');
}

/** Records in the format asked for; `asTable` lays out the one for people. */
export function formatted(format: Format, records: Plain, asTable: () => string): string {
  if (format === 'json') return `${JSON.stringify(records, null, 2)}\n`;
  return format === 'yaml' ? yaml(records) : asTable();
}

/** Bytes for people, in powers of 1024. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1);
  const amount = count / 1024 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`;
}

/** How long ago, in the largest unit that fits. */
export function age(from: Date, now: Date = new Date()): string {
  const seconds = Math.max(0, Math.round((now.getTime() - from.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}
