import type { Schema } from '@boxlite/api';
import { InvalidArgumentError } from 'boxlite/backend';
import { readText } from './body.ts';
import { JsonTextError, parseJson } from './json-text.ts';
import { requireMediaType } from './media-type.ts';

type Issue = NonNullable<ReturnType<Schema<unknown>['~standard']['validate']>['issues']>[number];

/** Checks a value; the error names each field that is wrong, what is allowed and what was given. */
export function validated<T>(schema: Schema<T>, value: unknown, where: string): T {
  const result = schema['~standard'].validate(value);
  if (!result.issues) return result.value;
  const said = result.issues.slice(0, 5).map((issue) => describeIssue(issue, value, where));
  throw new InvalidArgumentError(said.join('; '));
}

/** The request's JSON body, checked; a null field counts as absent. */
export async function readJson<T>(request: Request, schema: Schema<T>): Promise<T> {
  requireMediaType(request, 'application/json');
  return validated(schema, withoutNulls(parsed(await readText(request))), 'body');
}

/** Like {@link readJson}, for a body that may be left out: then it reads as an empty object. */
export async function readOptionalJson<T>(request: Request, schema: Schema<T>): Promise<T> {
  const text = await readText(request);
  if (text === '') return validated(schema, {}, 'body');
  requireMediaType(request, 'application/json');
  return validated(schema, withoutNulls(parsed(text)), 'body');
}

/** The request's query, checked; a name given twice reads as a list. */
export function readQuery<T>(request: Request, schema: Schema<T>): T {
  const found: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new URL(request.url).searchParams) {
    const before = found[name];
    if (before === undefined) found[name] = value;
    else if (typeof before === 'string') found[name] = [before, value];
    else before.push(value);
  }
  return validated(schema, found, 'query');
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonTextError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept: Record<string, unknown> = Object.create(null);
  for (const [key, field] of Object.entries(value)) if (field !== null) kept[key] = field;
  return kept;
}

function describeIssue(issue: Issue, root: unknown, where: string): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  const at = path.length === 0 ? where : path.join('.');
  return `${issue.message} (${at}: got ${given(root, path)})`.slice(0, 500);
}

function given(root: unknown, path: readonly string[]): string {
  let value: unknown = root;
  for (const key of path) {
    value =
      typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
  }
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  // A variable's value may be a secret that ends up in a log.
  if (path[0] === 'env') return `a ${typeof value}`;
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
