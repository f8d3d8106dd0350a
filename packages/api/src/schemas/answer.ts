import * as v from 'valibot';
import { inner, outer } from './inner-schema.ts';
import { given, isRecord, list, type Schema } from './schema.ts';

// Members of answers: their messages go on after the path to what is wrong, which whoever reads them spells.

/** Any text. */
export const string: Schema<string> = outer(v.string('must be text'));

/** Text that is not empty. */
export const filled: Schema<string> = outer(
  v.pipe(v.string('must be text'), v.minLength(1, 'must be text that is not empty')),
);

/** Bytes in base64. */
export const base64: Schema<string> = outer(v.pipe(v.string('must be text'), v.base64('must be base64')));

/** Any whole number. */
export const int: Schema<number> = outer(
  v.pipe(v.number('must be a whole number'), v.safeInteger('must be a whole number')),
);

/** A whole number, at least 0. */
export const count: Schema<number> = outer(v.pipe(inner(int), v.minValue(0, 'must be at least 0')));

/** A whole number within bounds. */
export function within(least: number, most: number): Schema<number> {
  return outer(
    v.pipe(inner(int), v.minValue(least, `must be at least ${least}`), v.maxValue(most, `must be at most ${most}`)),
  );
}

/** A counter: 0 where a server leaves it out. */
export const counter: Schema<number> = given(count, 0);

/** Any number that is not negative. */
export const amount: Schema<number> = outer(
  v.pipe(v.number('must be a number'), v.finite('must be a number'), v.minValue(0, 'must be at least 0')),
);

/** True or false. */
export const bool: Schema<boolean> = outer(v.boolean('must be true or false'));

/** One of a few words. */
export function word<const T extends readonly string[]>(words: T): Schema<T[number]> {
  return outer(v.picklist(words, `must be one of ${words.join(', ')}`));
}

/** One word. */
export function literal<const T extends string>(text: T, message = `must be ${text}`): Schema<T> {
  return outer(v.literal(text, message));
}

/** Texts. */
export const strings: Schema<readonly string[]> = list(string, 'must be a list of texts');

/** Texts by name, such as labels. */
export const stringsByName: Schema<Readonly<Record<string, string>>> = outer(
  v.custom<Readonly<Record<string, string>>>(
    (value) => isRecord(value) && Object.values(value).every((text) => typeof text === 'string'),
    'must be an object of texts',
  ),
);
