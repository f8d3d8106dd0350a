// Writes docs/reference: rest-api.md from spec/openapi.yaml, errors.md from the table of errors; `--check` only says whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { errorTable } from 'boxlite/backend';
import { parse } from 'yaml';
import { errorsPage } from './errors-page.ts';
import { table } from './markdown-table.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}
interface Parameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description: string;
  readonly schema: Schema;
}
interface Media {
  readonly schema: Schema;
  readonly example: unknown;
}
interface Body {
  readonly $ref?: string;
  readonly description: string;
  readonly required?: boolean;
  readonly headers?: Readonly<Record<string, Parameter>>;
  readonly content?: Readonly<Record<string, Media>>;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}
interface Spec {
  readonly info: { readonly title: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>> & { parameters?: readonly Parameter[] }>>;
  readonly components: {
    readonly securitySchemes: {
      readonly oauth2: { readonly flows: { readonly clientCredentials: { readonly scopes: Record<string, string> } } };
    };
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}
interface Listed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly parameters: readonly Parameter[];
}

const root = join(import.meta.dirname, '..');

/** The whole page, as the spec says it now. */
export function referencePage(): string {
  const spec: Spec = parse(readFileSync(join(root, 'spec/openapi.yaml'), 'utf8'));
  const listed = operationsOf(spec);
  const scopes = Object.entries(spec.components.securitySchemes.oauth2.flows.clientCredentials.scopes);
  const parts = [
    `# ${spec.info.title}`,
    '<!-- Made from spec/openapi.yaml by scripts/reference.ts: change the spec, then run the script. -->',
    spec.info.description.trim(),
    '## Operations',
    table(['Operation', 'Request', 'Scope'], listed.map(overviewRow)),
    '## Scopes',
    table(
      ['Scope', 'Lets its bearer'],
      scopes.map(([scope, meaning]) => [`\`${scope}\``, meaning]),
    ),
    ...spec.tags.flatMap(({ name, description }) => [
      `## ${name}`,
      description,
      ...listed.filter(({ operation }) => operation.tags.includes(name)).flatMap(operationSection),
    ]),
    '## Errors',
    'The body is an `ErrorResponse`; `error.type` tells the kind, `error.code` is the status, or a word to clients of generation 2.',
    table(
      ['Status', '`type`', 'Meaning'],
      Object.values(errorTable).map(({ status, type, meaning }) => [`${status}`, `\`${type}\``, meaning]),
    ),
    '## Schemas',
    ...Object.entries(spec.components.schemas).flatMap(schemaSection),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function operationsOf(spec: Spec): readonly Listed[] {
  const deref = (parameter: Parameter): Parameter => (parameter.$ref ? lookUp(spec, parameter.$ref) : parameter);
  return Object.entries(spec.paths).flatMap(([path, { parameters: shared = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: {
        ...operation,
        responses: Object.fromEntries(
          Object.entries(operation.responses).map(([status, one]) => [status, one.$ref ? lookUp(spec, one.$ref) : one]),
        ),
      },
      parameters: [...shared, ...(operation.parameters ?? [])].map(deref),
    })),
  );
}

/** What a reference inside the document points to. */
function lookUp<T>(spec: Spec, ref: string): T {
  let node: unknown = spec;
  for (const key of ref.replace(/^#\//, '').split('/')) node = Object(node)[key];
  return Object(node);
}

const scopeOf = ({ security }: Operation): string => Object.values(security[0] ?? {})[0]?.[0] ?? '';

function overviewRow({ method, path, operation }: Listed): string[] {
  const scope = scopeOf(operation);
  const link = `[${operation.operationId}](#${operation.operationId.toLowerCase()})`;
  return [link, `\`${method} ${path}\``, scope && `\`${scope}\``];
}

function operationSection({ method, path, operation, parameters }: Listed): string[] {
  const scope = scopeOf(operation);
  const request = operation.requestBody;
  const entries = Object.entries(operation.responses);
  const errors = entries.filter(([status]) => Number(status) >= 400).map(([status]) => status);
  return [
    `### ${operation.operationId}`,
    `\`${method} ${path}\``,
    `${operation.summary}. ${scope ? `Scope: \`${scope}\`.` : 'Needs no credential.'}`,
    operation.description.trim(),
    parameters.length === 0 ? '' : table(['Parameter', 'In', 'Type', 'Meaning'], parameters.map(parameterRow)),
    ...(request ? mediaLines(request.required ? 'Body' : 'Body, which may be left out', request.content) : []),
    ...entries.filter(([status]) => Number(status) < 400).flatMap(([status, response]) => answer(status, response)),
    `Errors: ${errors.join(', ')}.`,
  ];
}

function answer(status: string, { description, headers = {}, content }: Body): string[] {
  const names = Object.keys(headers).map((name) => `\`${name}\``);
  const title = `Answer **${status}**: ${description} Headers: ${names.join(', ')}.`;
  return content ? mediaLines(title, content) : [title];
}

function mediaLines(title: string, content: Readonly<Record<string, Media>> = {}): string[] {
  return Object.entries(content).flatMap(([type, { schema, example }]) => {
    const text = typeof example === 'string' ? example.trimEnd() : JSON.stringify(example, null, 2);
    const body = `${title.replace(/\.$/, '')}; \`${type}\`${schema.$ref ? `, ${typeOf(schema)}` : ''}.`;
    return [body, `\`\`\`${typeof example === 'string' ? 'text' : 'json'}\n${text}\n\`\`\``];
  });
}

function parameterRow({ name, in: where, required, description, schema }: Parameter): string[] {
  return [`\`${name}\`${required ? ', required' : ''}`, where, typeOf(schema), description];
}

function schemaSection([name, schema]: [string, Schema]): string[] {
  const { properties, required = [], description = '' } = schema;
  const rows = Object.entries(properties ?? {}).map(([key, member]) => {
    const meaning = member.description ?? '';
    return [`\`${key}\`${required.includes(key) ? ', required' : ''}`, typeOf(member), meaning];
  });
  return [`### ${name}`, description, properties ? table(['Member', 'Type', 'Meaning'], rows) : typeOf(schema)];
}

/** A type with its bounds and its default, in a few words. */
function typeOf(schema: Schema): string {
  const bounds = boundsOf(schema);
  const byDefault = schema.default === undefined ? '' : `, default \`${schema.default}\``;
  return `${kindOf(schema)}${bounds}${byDefault}`;
}

function kindOf({ $ref, anyOf, type, items, additionalProperties, enum: words, const: word }: Schema): string {
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? '';
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (word !== undefined) return `\`${word}\``;
  if (words) return words.map((one) => `\`${one}\``).join(' or ');
  if (anyOf) return anyOf.map(kindOf).join(' or ');
  const kinds = typeof type === 'string' ? [type] : (type ?? ['anything']);
  return kinds
    .map((kind) => {
      if (kind === 'array' && items) return `list of ${kindOf(items)}`;
      if (kind === 'object' && additionalProperties) return `object of ${kindOf(additionalProperties)}`;
      return kind;
    })
    .join(' or ');
}

function boundsOf({ minimum, maximum, minLength, maxLength }: Schema): string {
  const [least, most] = [minimum ?? minLength, maximum ?? maxLength];
  const unit = maxLength === undefined && minLength === undefined ? '' : ' characters';
  if (least === undefined) return most === undefined ? '' : `, at most ${most}${unit}`;
  if (most === undefined) return minLength === 1 ? ', not empty' : `, at least ${least}${unit}`;
  return `, ${least} to ${most}${unit}`;
}

if (import.meta.main) {
  for (const [file, page] of Object.entries({ 'rest-api.md': referencePage(), 'errors.md': errorsPage() })) {
    const path = join(root, 'docs/reference', file);
    if (!process.argv.includes('--check')) writeFileSync(path, page);
    else if (readFileSync(path, 'utf8') !== page) {
      process.stderr.write(`${path} is not what it is made from; run node scripts/reference.ts\n`);
      process.exitCode = 1;
    }
  }
}
