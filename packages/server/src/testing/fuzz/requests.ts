import type { Contract, ContractOperation, Parameter } from './contract.ts';
import type { Random } from './random.ts';
import { fittingValue, hostileTexts, type Manner } from './values.ts';

/** What is done to a request beside its values. */
export type Fault =
  | 'none'
  | 'wrong method'
  | 'wrong content type'
  | 'truncated body'
  | 'bad credential'
  | 'hostile path';

/** A request of an operation, right or wrong in one way. */
export interface GeneratedRequest {
  readonly operationId: string;
  readonly manner: Manner;
  readonly fault: Fault;
  readonly method: string;
  /** With the query; may hold characters that no client would send as they are. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

const manners: readonly [Manner, ...Manner[]] = ['valid', 'boundary', 'wrong type', 'unknown field', 'huge', 'unicode'];
const faults: readonly [Fault, ...Fault[]] = [
  ...(['none', 'none', 'none', 'none'] as const),
  ...(['wrong method', 'wrong content type', 'truncated body', 'bad credential', 'hostile path'] as const),
];
const verbs: readonly [string, ...string[]] = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'PATCH',
  'OPTIONS',
  'QUERY',
  'PROPFIND',
];
const types: readonly [string, ...string[]] = [
  ...([
    '',
    'text/plain',
    'application/json; charset=utf-16',
    'application/x-tar',
    'multipart/form-data; boundary=x',
  ] as const),
  ...(['application/x-www-form-urlencoded', 'application/octet-stream', 'APPLICATION/JSON', ';;;'] as const),
];
const credentials: readonly [string, ...string[]] = [
  '',
  'Bearer',
  'Bearer x',
  'Basic dGVzdDp0ZXN0',
  `Bearer ${'a.'.repeat(500)}`,
];

/** The next request of an operation. Names of things that are there are likely, so that it gets behind the first check. */
export function generate(operation: ContractOperation, contract: Contract, random: Random): GeneratedRequest {
  const manner = random.pick(manners);
  const fault = random.pick(faults);
  const text = (parameter: Parameter): string => {
    const value =
      random.chance(0.7) && parameter.example !== undefined
        ? parameter.example
        : fittingValue(parameter.schema, contract, random, manner);
    return typeof value === 'string' ? value : String(value);
  };
  const inPath = (name: string): string => {
    if (fault === 'hostile path' && random.chance(0.6)) return random.pick(hostileTexts).slice(0, 300);
    if (name === 'prefix') return 'default';
    if (name === 'box_id') return 'a';
    if (name === 'execution_id') return 'E1';
    const parameter = operation.parameters.find((one) => one.in === 'path' && one.name === name);
    return parameter ? text(parameter) : 'a';
  };
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(inPath(name), random));
  const query = operation.parameters
    .filter((one) => one.in === 'query' && (one.required || random.chance(0.5)))
    .flatMap((one) =>
      Array.from({ length: random.chance(0.9) ? 1 : 2 }, () => `${one.name}=${encoded(text(one), random)}`),
    );
  if (manner === 'unknown field') query.push('__proto__=x', 'not_there=1');
  const headers: Record<string, string> = {
    authorization: fault === 'bad credential' ? random.pick(credentials) : 'Bearer test-key',
  };
  for (const one of operation.parameters) {
    if (one.in === 'header' && random.chance(0.5)) headers[one.name.toLowerCase()] = headerText(text(one));
  }
  const body = operation.body && bodyOf(operation.body, contract, random, manner);
  if (body && operation.body) headers['content-type'] = operation.body.type;
  if (fault === 'wrong content type') headers['content-type'] = random.pick(types);
  const cut = fault === 'truncated body' && body ? body.subarray(0, random.below(body.length)) : body;
  return {
    operationId: operation.operationId,
    manner,
    fault,
    method: fault === 'wrong method' ? random.pick(verbs) : operation.method,
    target: `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`.slice(0, 8000),
    headers,
    body: cut,
  };
}

function bodyOf(
  { type, schema, example }: NonNullable<ContractOperation['body']>,
  contract: Contract,
  random: Random,
  manner: Manner,
): Buffer {
  if (type === 'application/json') {
    const value = random.chance(0.15) ? example : fittingValue(schema, contract, random, manner);
    if (manner === 'huge' && random.chance(0.05)) return Buffer.alloc(1024 * 1024 + 1, '[');
    return Buffer.from(JSON.stringify(value) ?? 'null');
  }
  if (type === 'application/x-www-form-urlencoded') {
    const value = Object(random.chance(0.5) ? example : fittingValue(schema, contract, random, manner));
    const fields = Object.entries(value).map(([key, field]): [string, string] => [key, String(field).toWellFormed()]);
    return Buffer.from(new URLSearchParams(fields).toString());
  }
  const length = manner === 'huge' ? 100_000 : random.below(2000);
  return Buffer.alloc(
    length,
    Uint8Array.from({ length: 251 }, () => random.below(256)),
  );
}

/** Mostly as a client would; else as it is, as far as a request line can hold it. */
function encoded(text: string, random: Random): string {
  if (text.isWellFormed() && random.chance(0.9)) return encodeURIComponent(text);
  return text.toWellFormed().replaceAll(/[\s\0#]/g, '%');
}

/** What a header may hold: bytes without line ends. */
function headerText(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[\0\r\n]/g, '')
    .trim()
    .slice(0, 2000);
}
