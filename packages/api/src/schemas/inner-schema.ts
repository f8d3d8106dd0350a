import * as v from 'valibot';
import type { Schema } from './schema.ts';

// Apart from the rest, so that no type of the library is in what users import.

/** What a schema is within: one of valibot's, and none that is asynchronous. */
export type Inner<T> = v.GenericSchema<unknown, T>;

interface Output<T> {
  readonly kind: 'schema';
  readonly async: false;
  readonly '~types'?: { readonly output: T } | undefined;
}

/** One of valibot's schemas as one of ours. */
export function outer<T>(schema: Output<T>): Schema<T> {
  return schema as unknown as Schema<T>;
}

/** One of our schemas as the one of valibot's that it is. */
export function inner<T>(schema: Schema<T>): Inner<T> {
  return schema as unknown as Inner<T>;
}

/** One message for a value, although it breaks more than one rule of a pipe. */
export function firstIssue<S extends v.GenericSchema>(schema: S): S {
  return Object(v.config(schema, { abortPipeEarly: true }));
}
