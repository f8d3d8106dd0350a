import { InvalidArgumentError } from './errors.ts';

/** Refuses a value; `rule` completes the sentence "<field> must be …". */
export function refuse(field: string, rule: string, value: unknown): never {
  const shown = typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : typeof value;
  throw new InvalidArgumentError(`${field} must be ${rule}, not ${value === null ? 'null' : shown}`);
}

/** A whole number within bounds. */
export function checkWhole(field: string, value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined) return;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return;
  refuse(
    field,
    most === Number.MAX_SAFE_INTEGER ? `a whole number, at least ${least}` : `a whole number from ${least} to ${most}`,
    value,
  );
}

/** A number of milliseconds, fractions allowed. */
export function checkMs(field: string, value: unknown, least: number): void {
  if (value === undefined) return;
  if (typeof value === 'number' && Number.isFinite(value) && value >= least) return;
  refuse(field, `a number of milliseconds, at least ${least} (1 s is 1000)`, value);
}

/** Text that a system call can take: no NUL, and not empty unless allowed. */
export function checkText(field: string, value: unknown, empty: 'may be empty' | 'not empty' = 'not empty'): void {
  if (typeof value === 'string' && !value.includes('\0') && (value !== '' || empty === 'may be empty')) return;
  refuse(field, empty === 'not empty' ? 'text that is not empty and holds no NUL' : 'text without NUL', value);
}

/** A list of texts, such as a command's arguments. */
export function checkTexts(field: string, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) refuse(field, 'a list of texts', value);
  for (const [index, item] of value.entries()) checkText(`${field}[${index}]`, item, 'may be empty');
}

/** An object of texts, such as an environment. */
export function checkRecord(field: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field, 'an object of texts', value);
  for (const [key, item] of Object.entries(value)) {
    if (key === '' || /[=\0]/.test(key)) refuse(`each name in ${field}`, 'text without "=" and NUL', key);
    checkText(`${field}.${key}`, item, 'may be empty');
  }
}

/** True or false. */
export function checkFlag(field: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') refuse(field, 'true or false', value);
}

/** One of a few words. */
export function checkWord(field: string, value: unknown, words: readonly string[]): void {
  if (value !== undefined && !words.some((word) => word === value)) refuse(field, `one of ${words.join(', ')}`, value);
}

/** `<name or uid>[:<group or gid>]`. */
export function checkUser(field: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && /^[^:\0]+(:[^:\0]+)?$/.test(value))) return;
  refuse(field, '<name or uid>[:<group or gid>]', value);
}

/** A path in a box: not empty, no NUL, no `..`. */
export function checkGuestPath(field: string, value: unknown): void {
  checkText(field, value);
  if (typeof value === 'string' && value.split('/').includes('..')) refuse(field, 'a path without ".."', value);
}

/** A name or id: 1 to 128 letters, digits, dots, underscores and hyphens. */
export function checkName(field: string, name: unknown): void {
  if (typeof name === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/.test(name)) return;
  refuse(field, '1 to 128 letters, digits, ".", "_" or "-", beginning with a letter or digit', name);
}
