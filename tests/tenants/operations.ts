import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Ref {
  readonly $ref?: string;
}
interface Parameter extends Ref {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** An operation of the contract, as much as it takes to send it. */
export interface SpecOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** False where anybody may ask. */
  readonly guarded: boolean;
  /** What it needs, as each generation spells it; undefined where any credential will do. */
  readonly scope: string | undefined;
  readonly permission: string | undefined;
  /** With its question mark; what is required, as in the examples. */
  readonly query: string;
  readonly body: { readonly type: string; readonly text: string } | undefined;
  readonly webSocket: boolean;
  /** Documented. */
  readonly statuses: readonly number[];
}

const spec: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>> & { parameters?: readonly Parameter[] }>>;
} = parse(readFileSync(new URL('../../spec/openapi.yaml', import.meta.url), 'utf8'));

function resolved(parameter: Parameter): Parameter {
  if (parameter.$ref === undefined) return parameter;
  const keys = parameter.$ref.slice(2).split('/');
  return keys.reduce<unknown>((node, key) => Object(node)[key], spec) as Parameter;
}

function bodyOf({ requestBody }: Operation): SpecOperation['body'] {
  const [found] = Object.entries(requestBody?.content ?? {});
  if (!found) return undefined;
  const [type, { example }] = found;
  if (type === 'application/json') return { type, text: JSON.stringify(example) };
  const form = type === 'application/x-www-form-urlencoded';
  return { type, text: form ? new URLSearchParams(Object(example)).toString() : 'bytes' };
}

/** Every operation of spec/openapi.yaml: one that is added there is in every test that walks them. */
export const specOperations: readonly SpecOperation[] = Object.entries(spec.paths).flatMap(
  ([path, { parameters: shared = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => {
      const query = [...shared, ...(operation.parameters ?? [])]
        .map(resolved)
        .filter((one) => one.in === 'query' && one.required)
        .map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`);
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        guarded: operation.security.length > 0,
        scope: operation.security.flatMap((one) => one['oauth2'] ?? [])[0],
        permission: operation.security.flatMap((one) => one['bearer'] ?? [])[0],
        query: query.length === 0 ? '' : `?${query.join('&')}`,
        body: bodyOf(operation),
        webSocket: '101' in operation.responses,
        statuses: Object.keys(operation.responses).map(Number),
      };
    }),
);
