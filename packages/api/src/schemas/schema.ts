import { SchemaError } from '@boxlite/rest';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { firstIssue, type Inner, inner, outer } from './inner-schema.ts';

/**
 * Reads a value at once, and is a Standard Schema. Its type does not name the library behind it: whoever imported one
 * of these schemas would have the compiler read all of that library's types.
 */
export interface Schema<out T> extends StandardSchemaV1<unknown, T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: StandardSchemaV1.Types<unknown, T> | undefined;
    readonly validate: (value: unknown) => StandardSchemaV1.Result<T>;
  };
}

/** The value as the schema reads it; throws a `SchemaError` that lists each difference. */
export function read<T>(schema: Schema<T>, value: unknown): T {
  const result = schema['~standard'].validate(value);
  if (result.issues) throw new SchemaError(result.issues);
  return result.value;
}

/** A schema for each member of an object. */
export type Members<T> = { readonly [K in keyof T]-?: Schema<T[K]> };

/** An object that is no list; members without a schema are dropped. One that is missing says what it must be. */
export function object<T extends object>(members: NoInfer<Members<T>>, message = 'must be an object'): Schema<T> {
  const entries: Readonly<Record<string, Inner<unknown> & { readonly message?: unknown }>> = Object(members);
  const missing = ({ path }: v.BaseIssue<unknown>): string =>
    String(entries[String(path?.[0]?.key)]?.message ?? 'is missing');
  const all: v.GenericSchema<T> = Object(v.object(entries, missing));
  return outer(quick(v.pipe(v.custom<T>(isRecord, message), all), entries));
}

/**
 * Reads what is right in one go, several times as fast as the library reads an object, for which every member is one more
 * shape. As soon as anything is not right, the library reads it all, and says what is wrong.
 */
function quick<T>(schema: Inner<T>, entries: Readonly<Record<string, Inner<unknown>>>): Inner<T> {
  const members = Object.entries(entries);
  const run: Inner<T>['~run'] = (dataset, config) => {
    const input = Object(dataset.value);
    if (input !== dataset.value || Array.isArray(input)) return schema['~run'](dataset, config);
    const output: Record<string, unknown> = {};
    for (const [key, member] of members) {
      const value: unknown = input[key];
      // What is left out may be required, or have a default.
      if (value === undefined) {
        if (key in input || !('wrapped' in member) || ('default' in member && member.default !== undefined))
          return schema['~run'](dataset, config);
        continue;
      }
      const read = member['~run']({ value }, config);
      if (read.issues) return schema['~run'](dataset, config);
      output[key] = read.value;
    }
    return Object({ typed: true, value: output });
  };
  return Object({
    ...schema,
    '~run': run,
    '~standard': { ...schema['~standard'], validate: (value: unknown) => run({ value }, v.getGlobalConfig()) },
  });
}

/** Whether a value is an object and no list. */
export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list. */
export function list<T>(item: Schema<T>, message = 'must be a list'): Schema<readonly T[]> {
  return outer(v.array(inner(item), message));
}

/** A member that may be left out. */
export function optional<T>(schema: Schema<T>): Schema<T | undefined> {
  return outer(v.optional(inner(schema)));
}

/** A member that may be left out or null. */
export function maybe<T>(schema: Schema<T>): Schema<T | null | undefined> {
  return outer(v.nullish(inner(schema)));
}

/** A member that reads as `value` where it is left out or null. */
export function given<T>(schema: Schema<T>, value: NoInfer<T>): Schema<T> {
  const whole: v.GenericSchema<unknown, T> = Object(v.nullish(inner(schema), () => value));
  return outer(whole);
}

/** Anything that the schema does not read is `value`. */
export function otherwise<T>(schema: Schema<T>, value: NoInfer<T>): Schema<T> {
  return outer(v.fallback(inner(schema), value));
}

/** A value of the schema for which more holds; the issue is at the member `at` where that is given. */
export function checked<T>(
  schema: Schema<T>,
  holds: (value: T) => boolean,
  message: string,
  at?: keyof T & string,
): Schema<T> {
  const check = v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed || holds(dataset.value)) return;
    const { value } = dataset;
    addIssue(
      at === undefined
        ? { message }
        : { message, path: [{ type: 'unknown', origin: 'value', input: value, key: at, value: value[at] }] },
    );
  });
  return outer(firstIssue(v.pipe(inner(schema), check)));
}

/** What is made of a value that the schema reads. */
export function turned<T, U>(schema: Schema<T>, turn: (value: T) => U): Schema<U> {
  return outer(v.pipe(inner(schema), v.transform(turn)));
}

/** Reads what is made of a value. */
export function prepared<T>(prepare: (value: unknown) => unknown, schema: Schema<T>): Schema<T> {
  return outer(v.pipe(v.unknown(), v.transform(prepare), inner(schema)));
}

/** Reads with the schema that a value asks for. */
export function chosen<T>(choose: (value: unknown) => Schema<T>): Schema<T> {
  return outer(v.lazy((value) => inner(choose(value))));
}

/** Reads nothing. */
export function refused(message: string): Schema<never> {
  return outer(v.never(message));
}

/** Reads with the first of two schemas that can. */
export function either<T, U>(one: Schema<T>, other: Schema<U>): Schema<T | U> {
  return outer(v.union([inner(one), inner(other)]));
}
