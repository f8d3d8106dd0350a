import * as z from 'zod';

/** A whole number within bounds; the one message names the field and says what is allowed. */
export function whole(field: string, minimum: number, maximum?: number): z.ZodType<number> {
  const range = maximum === undefined ? `, at least ${minimum}` : ` from ${minimum} to ${maximum}`;
  const message = `${field} must be a whole number${range}`;
  const atLeast = z.int(message).min(minimum, message);
  return maximum === undefined ? atLeast : atLeast.max(maximum, message);
}

/** A number of seconds, fractions allowed, with a least value. */
export function seconds(field: string, minimum: number): z.ZodType<number> {
  const message = `${field} must be a number of seconds, at least ${minimum}`;
  return z.number(message).min(minimum, message);
}

/** True or false, as JSON spells them. */
export function flag(field: string): z.ZodType<boolean> {
  return z.boolean(`${field} must be true or false`);
}

/** One of a few words. */
export function oneOf<const T extends readonly string[]>(field: string, words: T): z.ZodType<T[number]> {
  return z.enum(words, `${field} must be one of ${words.join(', ')}`);
}

/** Text that matches a pattern; `rule` completes the sentence "<field> must be …". */
export function matching(field: string, pattern: RegExp, rule: string, maxLength?: number): z.ZodType<string> {
  const error = `${field} must be ${rule}`;
  const stop = { error, abort: true };
  const string = z.string(error);
  const bounded = maxLength === undefined ? string : string.min(1, stop).max(maxLength, stop);
  return bounded.regex(pattern, error);
}

/** Text that is not empty and fits into an argument of a system call: it holds no NUL. */
export function text(field: string): z.ZodType<string> {
  return matching(field, /^[^\0]+$/, 'text that is not empty and holds no NUL');
}

/** Text that may be empty and holds no NUL. */
export function anyText(field: string): z.ZodType<string> {
  return matching(field, /^[^\0]*$/, 'text without NUL');
}

/** A list of texts that hold no NUL, such as the arguments of a command. */
export function texts(field: string): z.ZodType<readonly string[]> {
  return z.array(anyText(`each item of ${field}`), `${field} must be a list of texts`);
}

/** An absolute path without NUL. */
export function absolutePath(field: string): z.ZodType<string> {
  return matching(field, /^\/[^\0]*$/, 'an absolute path');
}

/** Texts by name, as environment variables and labels are: a name is not empty and holds neither "=" nor NUL. */
export function textsByName(field: string): z.ZodType<Readonly<Record<string, string>>> {
  const rule = 'text that is not empty and holds neither "=" nor NUL';
  return z.record(z.string().regex(/^[^=\0]+$/), anyText(`each value in ${field}`), {
    error: ({ code }) =>
      code === 'invalid_key' ? `each name in ${field} must be ${rule}` : `${field} must be an object of texts`,
  });
}

/** `<name or uid>[:<group or gid>]`. */
export function userSpec(field: string): z.ZodType<string> {
  return matching(field, /^[^:\0]+(:[^:\0]+)?$/, '<name or uid>[:<group or gid>]');
}

/** A response's counter: 0 where a server leaves it out. */
export function counter(): z.ZodType<number> {
  return z.preprocess((value) => value ?? 0, z.int().nonnegative());
}

/** A response's field that a server may leave out or send as null. */
export function maybe<T>(schema: z.ZodType<T>): z.ZodOptional<z.ZodNullable<z.ZodType<T>>> {
  return schema.nullable().optional();
}
