import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { openapiFile } from '../../site/shipped-files.ts';

interface Ref {
  readonly $ref?: string;
}

/** Something of spec/openapi.yaml, and where it is there: a JSON pointer that begins with `#`. */
export interface Place<T = unknown> {
  readonly value: T;
  readonly pointer: string;
}

export interface AnswerOfContract {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema?: unknown }>>;
  readonly content?: Readonly<Record<string, { readonly schema: unknown; readonly example?: unknown }>>;
}
interface StreamEvent {
  readonly id?: unknown;
  readonly data: unknown;
  readonly last?: boolean;
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, AnswerOfContract>>;
  readonly 'x-sse-events'?: Readonly<Record<string, StreamEvent>>;
  readonly 'x-ndjson-line'?: unknown;
  readonly 'x-websocket-messages'?: { readonly server: Readonly<Record<string, unknown>> };
  readonly 'x-connect'?: { readonly responses: Readonly<Record<string, AnswerOfContract>> };
}

/** Where in the contract an operation's answers are. */
export interface OperationAnswers {
  /** That of its operation; `openTunnel.CONNECT` for what is beside the paths. */
  readonly id: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly operation: Place<Operation>;
  readonly responses: Place<Readonly<Record<string, AnswerOfContract>>>;
}

/** The contract itself. */
export const document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> } = parse(
  readFileSync(openapiFile, 'utf8'),
);

/** What a place leads to by a key; references are followed. Undefined where there is nothing. */
export function within<T, K extends keyof T & string>(
  { value, pointer }: Place<T>,
  key: K,
): Place<NonNullable<T[K]>> | undefined {
  const found = value[key];
  if (found === undefined || found === null) return undefined;
  const { $ref }: Ref = Object(found);
  if ($ref === undefined)
    return { value: found, pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` };
  let node: unknown = document;
  for (const step of $ref.slice(2).split('/')) node = Object(node)[step];
  return { value: Object(node), pointer: $ref };
}

const holes = (path: string): number => path.split('{').length;

/** Every operation under each of its spellings, in the order in which the router takes them. */
const operations: readonly (OperationAnswers & { readonly named: boolean; readonly holes: number })[] = Object.entries(
  document.paths,
)
  .flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .flatMap(([method, value]) => {
        const pointer = `#/paths/${path.replaceAll('/', '~1')}/${method}`;
        return [...new Set([path.replace('/{prefix}', ''), path])].map((spelling) => ({
          id: value.operationId,
          method: method.toUpperCase(),
          pattern: new RegExp(`^${spelling.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
          named: spelling.includes('{prefix}'),
          holes: holes(spelling),
          operation: { value, pointer },
          responses: { value: value.responses, pointer: `${pointer}/responses` },
        }));
      }),
  )
  .toSorted((one, other) => Number(one.named) - Number(other.named) || one.holes - other.holes);

/** Answers to `CONNECT`, whose target is no path: an operation's `x-connect` has them. */
export const connects: readonly OperationAnswers[] = operations.flatMap((one) => {
  const responses = one.operation.value['x-connect']?.responses;
  if (!responses || one.named) return [];
  const place = { value: responses, pointer: `${one.operation.pointer}/x-connect/responses` };
  return [{ ...one, id: `${one.id}.CONNECT`, method: 'CONNECT', responses: place }];
});

/** Every answer that the contract documents, as `operationId status`. */
export const answersDocumented: ReadonlySet<string> = new Set(
  [...operations, ...connects].flatMap(({ id, responses }) =>
    Object.keys(responses.value).map((status) => `${id} ${status}`),
  ),
);

/** The operation of a request: undefined where none has its path and method. What is before `/v1` is a base path. */
export function operationOf(method: string, path: string): OperationAnswers | undefined {
  if (method === 'CONNECT') return connects[0];
  const base = path.search(/\/(?:v1|\.well-known)\//);
  const here = operations.filter(({ pattern }) => pattern.test(path.slice(Math.max(0, base))));
  return here.find((one) => one.method === method && one.pattern.source === here[0]?.pattern.source);
}
