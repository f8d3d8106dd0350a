import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { openapiFile } from '../../site/shipped-files.ts';

/** As much of a JSON schema as the contract uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** A parameter of an operation. */
export interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
  readonly example?: unknown;
}

/** What the contract says of the requests of one operation. */
export interface ContractOperation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly type: string; readonly schema: Schema; readonly example: unknown } | undefined;
}

/** The operations of spec/openapi.yaml, and what its references lead to. */
export interface Contract {
  readonly operations: readonly ContractOperation[];
  resolve<T extends { readonly $ref?: string }>(value: T): T;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>> & { parameters?: Parameter[] }>>;
}
interface DocumentOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema; readonly example: unknown }>>;
  };
}

/** Reads the contract. */
export function readContract(): Contract {
  const document: Document = parse(readFileSync(openapiFile, 'utf8'));
  const resolve: Contract['resolve'] = (value) => {
    if (value.$ref === undefined) return value;
    let node: unknown = document;
    for (const key of value.$ref.slice(2).split('/')) node = Object(node)[key];
    return resolve(Object(node));
  };
  const operations = Object.entries(document.paths).flatMap(([path, { parameters: shared = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]): ContractOperation => {
      const [body] = Object.entries(operation.requestBody?.content ?? {});
      return {
        operationId: operation.operationId,
        method: method.toUpperCase(),
        path,
        parameters: [...shared, ...(operation.parameters ?? [])].map(resolve),
        body: body && { type: body[0], ...body[1] },
      };
    }),
  );
  return { operations, resolve };
}
