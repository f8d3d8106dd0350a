import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import type { Reply } from '../http/reply.ts';
import { openapiFile } from '../site/shipped-files.ts';

interface Referable {
  readonly $ref?: string;
}
interface DocumentedAnswer extends Referable {
  readonly headers?: Readonly<Record<string, Referable & { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly schema: Referable }>>;
}
interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { operationId: string; responses: Record<string, DocumentedAnswer> }>>>
  >;
}

/** Where in the contract an operation's answers are. */
interface OperationAnswers {
  readonly operationId: string;
  readonly method: string;
  readonly pattern: RegExp;
  /** Whether the path names the tenant. */
  readonly named: boolean;
  readonly holes: number;
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}

const document: Document = parse(readFileSync(openapiFile, 'utf8'));
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'contract:', ...document });
const errorShape = ajv.compile({ $ref: 'contract:#/components/schemas/ErrorResponse' });
const validators = new Map<string, ValidateFunction>();

function resolved<T extends Referable>(value: T): T {
  if (value.$ref === undefined) return value;
  let node: unknown = document;
  for (const key of value.$ref.slice(2).split('/')) node = Object(node)[key];
  return resolved(Object(node));
}

/** Every operation under each of its spellings, in the order in which the router takes them. */
const operations: readonly OperationAnswers[] = Object.entries(document.paths)
  .flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .flatMap(([method, { operationId, responses }]) =>
        [...new Set([path.replace('/{prefix}', ''), path])].map((spelling) => ({
          operationId,
          method: method.toUpperCase(),
          pattern: new RegExp(`^${spelling.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
          named: spelling.includes('{prefix}'),
          holes: spelling.split('{').length,
          responses,
        })),
      ),
  )
  .sort((one, other) => Number(one.named) - Number(other.named) || one.holes - other.holes);

/** Every answer that the contract documents, as `operationId status`. */
export const answersDocumented: ReadonlySet<string> = new Set(
  operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses).map((status) => `${operationId} ${status}`),
  ),
);

/** What the contract says of answers to a request: undefined where no operation has its path and method. */
function operationOf(method: string, path: string): OperationAnswers | undefined {
  const here = operations.filter(({ pattern }) => pattern.test(path));
  return here.find((one) => one.method === method && one.pattern.source === here[0]?.pattern.source);
}

/** What is wrong with an answer by spec/openapi.yaml, if anything; the operation, where it is of one. */
export function contractOf(
  method: string,
  path: string,
  { status, headers }: Reply,
  text: string | undefined,
): { readonly operationId: string | undefined; readonly wrong: string | undefined } {
  const operation = operationOf(method, path);
  const operationId = operation?.operationId;
  if (headers['x-request-id'] === undefined) return { operationId, wrong: 'there is no X-Request-Id' };
  if (!operation) return { operationId, wrong: text === undefined ? undefined : whatIsWrong(errorShape, text) };
  const documented = operation.responses[status];
  if (!documented) return { operationId, wrong: `the contract has no ${status} for ${operationId}` };
  return { operationId, wrong: wrongBy(method, resolved(documented), headers, text) };
}

function wrongBy(
  method: string,
  answer: DocumentedAnswer,
  headers: Reply['headers'],
  text: string | undefined,
): string | undefined {
  for (const [name, header] of Object.entries(answer.headers ?? {}))
    if (resolved(header).required && headers[name.toLowerCase()] === undefined) return `there is no ${name}`;
  const type = headers['content-type']?.split(';')[0];
  // HEAD is answered as GET, without a body; what it lacks is then no fault.
  if (method === 'HEAD' && text === undefined) return undefined;
  if (!answer.content) return text === undefined || text === '' ? undefined : 'there is a body, and must not be one';
  const content = type === undefined ? undefined : answer.content[type];
  if (!content) return `the content type is ${type}; the contract has ${Object.keys(answer.content).join(', ')}`;
  const ref = content.schema.$ref;
  return ref === undefined || text === undefined ? undefined : whatIsWrong(validator(ref), text);
}

function validator(ref: string): ValidateFunction {
  const found = validators.get(ref) ?? ajv.compile({ $ref: `contract:${ref}` });
  validators.set(ref, found);
  return found;
}

function whatIsWrong(validate: ValidateFunction, text: string): string | undefined {
  const value: unknown = JSON.parse(text);
  return validate(value) ? undefined : `${ajv.errorsText(validate.errors)}: ${text.slice(0, 500)}`;
}
