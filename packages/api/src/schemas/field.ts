import * as v from 'valibot';
import { firstIssue, inner, outer } from './inner-schema.ts';
import { isRecord, list, type Schema } from './schema.ts';

// Fields of requests: the one message of each names it, and says what is allowed.

/** A whole number within bounds. */
export function whole(field: string, minimum: number, maximum?: number): Schema<number> {
  const range = maximum === undefined ? `, at least ${minimum}` : ` from ${minimum} to ${maximum}`;
  const message = `${field} must be a whole number${range}`;
  const most = maximum ?? Number.MAX_SAFE_INTEGER;
  return outer(
    firstIssue(
      v.pipe(v.number(message), v.safeInteger(message), v.minValue(minimum, message), v.maxValue(most, message)),
    ),
  );
}

/** A number of seconds, fractions allowed, with a least value. */
export function seconds(field: string, minimum: number): Schema<number> {
  const message = `${field} must be a number of seconds, at least ${minimum}`;
  return outer(firstIssue(v.pipe(v.number(message), v.finite(message), v.minValue(minimum, message))));
}

/** True or false, as JSON spells them. */
export function flag(field: string): Schema<boolean> {
  return outer(v.boolean(`${field} must be true or false`));
}

/** One of a few words. */
export function oneOf<const T extends readonly string[]>(field: string, words: T): Schema<T[number]> {
  return outer(v.picklist(words, `${field} must be one of ${words.join(', ')}`));
}

/** Text that matches a pattern; `rule` completes the sentence "<field> must be …". */
export function matching(field: string, pattern: RegExp, rule: string, maxLength?: number): Schema<string> {
  const message = `${field} must be ${rule}`;
  const fits = v.regex(pattern, message);
  if (maxLength === undefined) return outer(v.pipe(v.string(message), fits));
  return outer(firstIssue(v.pipe(inner(sized(field, rule, 1, maxLength)), fits)));
}

/** Text of a length, counted in UTF-16. */
export function sized(field: string, rule: string, least?: number, most?: number): Schema<string> {
  const message = `${field} must be ${rule}`;
  const longer = least === undefined ? [] : [v.minLength<string, number, string>(least, message)];
  const shorter = most === undefined ? [] : [v.maxLength<string, number, string>(most, message)];
  return outer(firstIssue(v.pipe(v.string(message), ...longer, ...shorter)));
}

/** Text that is not empty and fits into an argument of a system call: it holds no NUL. */
export function text(field: string): Schema<string> {
  return matching(field, /^[^\0]+$/, 'text that is not empty and holds no NUL');
}

/** Text that may be empty and holds no NUL. */
export function anyText(field: string): Schema<string> {
  return matching(field, /^[^\0]*$/, 'text without NUL');
}

/** A list of texts that hold no NUL, such as the arguments of a command. */
export function texts(field: string): Schema<readonly string[]> {
  return list(anyText(`each item of ${field}`), `${field} must be a list of texts`);
}

/** An absolute path without NUL. */
export function absolutePath(field: string): Schema<string> {
  return matching(field, /^\/[^\0]*$/, 'an absolute path');
}

/** Texts by name, as environment variables and labels are: a name is not empty and holds neither "=" nor NUL. */
export function textsByName(field: string): Schema<Readonly<Record<string, string>>> {
  const name = matching(`each name in ${field}`, /^[^=\0]+$/, 'text that is not empty and holds neither "=" nor NUL');
  // Not `v.record`: that leaves out what is named "constructor" or "prototype".
  return outer(
    v.pipe(
      v.custom<object>(isRecord, `${field} must be an object of texts`),
      v.transform((texts): unknown => new Map(Object.entries(texts))),
      v.map(inner(name), inner(anyText(`each value in ${field}`))),
      v.transform((texts) => Object.fromEntries(texts)),
    ),
  );
}

/** `<name or uid>[:<group or gid>]`. */
export function userSpec(field: string): Schema<string> {
  return matching(field, /^[^:\0]+(:[^:\0]+)?$/, '<name or uid>[:<group or gid>]');
}
