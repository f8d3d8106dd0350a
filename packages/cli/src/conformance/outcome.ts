import { isDeepStrictEqual } from 'node:util';

/** A server did not do what a requirement says. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
}

/** What a requirement is about is not there, which the server says itself, or it takes a credential that was not given. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** Holds a requirement to a condition: `Unmet` with `what` unless it is true. */
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Unmet(what);
}

/** Holds two values to be the same, deeply; `Unmet` shows both. */
export function same(found: unknown, wanted: unknown, what: string): void {
  must(isDeepStrictEqual(found, wanted), `${what} must be ${shown(wanted)}; it is ${shown(found)}`);
}

/** Holds a value to be a string of a form. */
export function like(found: unknown, pattern: RegExp, what: string): string {
  must(typeof found === 'string' && pattern.test(found), `${what} must match ${pattern}; it is ${shown(found)}`);
  return found;
}

/** Holds a value to be an array. */
export function list(found: unknown, what: string): readonly unknown[] {
  must(Array.isArray(found), `${what} must be an array; it is ${shown(found)}`);
  return found;
}

/** A member of parsed JSON, by its path; undefined where there is none. */
export function member(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

/** A value in a message, in 160 characters at most. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
