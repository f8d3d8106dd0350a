import { readFileSync } from 'node:fs';
import { type JsonSchema as AnyJsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as api from './index.ts';
import { inner } from './schemas/inner-schema.ts';

/** As much of JSON Schema as the spec uses. */
interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
}
interface MediaType {
  readonly schema: JsonSchema;
  readonly example: unknown;
}
interface Spec {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly parameters: Readonly<Record<string, { readonly name: string; readonly schema: JsonSchema }>>;
  };
}

const spec: Spec = parse(readFileSync(new URL('../../../spec/openapi.yaml', import.meta.url), 'utf8'));
const prefix = '#/components/schemas/';

const enums: Readonly<Record<string, readonly string[]>> = {
  BoxStatus: api.boxStatuses,
  HealthStatus: api.healthStatuses,
  ExecutionStatus: api.executionStatuses,
  FileType: api.fileTypes,
  NetworkSwitch: api.networkSwitches,
  SecurityPreset: api.securityPresets,
};
const requests = new Set(
  [
    'TokenRequest',
    'CreateBoxRequest',
    'VolumeSpec',
    'AdvancedSpec',
    'PortSpec',
    'HealthCheckSpec',
    'StopBoxRequest',
    'ExecRequest',
    'SignalRequest',
    'OutputSpec',
    'AttachStdinEof',
    'AttachSignal',
    'TmpfsSpec',
    'CreateSnapshotRequest',
    'CloneBoxRequest',
    'ExportBoxRequest',
    'CreateVolumeRequest',
    'CreateApiKeyRequest',
  ].concat(['ResizeRequest', 'PullImageRequest', 'PruneImagesRequest', 'TerminalResize']),
);

const exported = new Map<string, unknown>(Object.entries(api));
const isSchema = (value: unknown): value is api.Schema<unknown> => '~standard' in Object(value);
const schemaNamed = (name: string): api.Schema<unknown> => {
  const found = exported.get(name.charAt(0).toLowerCase() + name.slice(1));
  if (!isSchema(found)) throw new Error(`no schema for ${name}`);
  return found;
};
const queryOf = (operationId: string): api.Schema<unknown> | undefined => {
  const found = exported.get(`${operationId}Query`);
  return isSchema(found) ? found : undefined;
};
const issuesOf = (schema: api.Schema<unknown>, value: unknown): readonly { readonly message: string }[] | undefined =>
  schema['~standard'].validate(value).issues;

/** The schema without references and without null, for null and absent are one to a reader of answers. */
function plain(schema: JsonSchema = {}): JsonSchema {
  if (schema.$ref !== undefined) {
    const { $ref, ...beside } = schema;
    return { ...plain(spec.components.schemas[$ref.slice(prefix.length)]), ...beside };
  }
  const [only, ...others] = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  if (only && others.length === 0) return plain(only);
  if (typeof schema.type === 'string' || schema.type === undefined) return schema;
  const [type, ...more] = schema.type.filter((one) => one !== 'null');
  if (type === undefined || more.length > 0) throw new Error(`more than one type: ${schema.type}`);
  return { ...schema, type };
}

const real = (bound: number | undefined): number | undefined =>
  bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER ? undefined : bound;
const bounds = ({ minimum, maximum, minLength, maxLength, pattern, enum: words, const: word }: JsonSchema): object => ({
  ...{ minimum: real(minimum), maximum: real(maximum), minLength, maxLength, pattern, words, word },
});

/** Compares kinds, members and bounds; `strict` for requests, where both sides must say the same. */
function agree(specified: JsonSchema, checked: JsonSchema, where: string, strict: boolean): void {
  const [left, right] = [plain(specified), plain(checked)];
  if (left.const === undefined) expect(right.type, where).toBe(left.type);
  const [ours, theirs] = [Object.entries(bounds(left)), new Map(Object.entries(bounds(right)))];
  for (const [bound, value] of ours) {
    const other: unknown = theirs.get(bound);
    if (strict || (value !== undefined && other !== undefined)) expect(other, `${where} ${bound}`).toEqual(value);
  }
  if (left.properties) {
    const names = Object.keys(left.properties);
    expect(Object.keys(right.properties ?? {}).toSorted(), where).toEqual(names.toSorted());
    if (strict) expect([...(right.required ?? [])].toSorted(), where).toEqual([...(left.required ?? [])].toSorted());
    for (const name of names) {
      agree(left.properties[name] ?? {}, right.properties?.[name] ?? {}, `${where}.${name}`, strict);
    }
  }
  if (left.items) agree(left.items, right.items ?? {}, `${where}[]`, strict);
  if (left.additionalProperties) {
    agree(left.additionalProperties, right.additionalProperties ?? {}, `${where}{}`, strict);
    if (strict) expect(right.propertyNames?.pattern, `${where} names`).toBe(left.propertyNames?.pattern);
  }
}

function asJsonSchema(schema: api.Schema<unknown>): JsonSchema {
  const converted = toJsonSchema(inner(schema), {
    typeMode: 'output',
    errorMode: 'ignore',
    overrideSchema({ valibotSchema: part }) {
      const text: AnyJsonSchema = { type: 'string' };
      // Texts by name: those of requests are read as a map, those of answers are only looked at.
      if (part.type === 'map' && 'key' in part && 'value' in part) {
        const [propertyNames, additionalProperties] = [part.key, part.value].map((one) => toJsonSchema(Object(one)));
        return {
          type: 'object',
          ...(propertyNames && additionalProperties && { propertyNames, additionalProperties }),
        };
      }
      return part.type === 'custom' ? { type: 'object', additionalProperties: text } : undefined;
    },
  });
  return JSON.parse(JSON.stringify(converted));
}

describe.each(Object.entries(spec.components.schemas))('%s', (name, schema) => {
  test('has the members and bounds of its schema here', () => {
    const words = enums[name];
    if (words) expect(words).toEqual(schema.enum);
    else agree(schema, asJsonSchema(schemaNamed(name)), name, requests.has(name));
  });

  test('ignores members that are not known', () => {
    if (enums[name]) return;
    const example = exampleOf(name);
    if (example !== undefined) {
      expect(api.read(schemaNamed(name), { ...example, from_the_future: 1 })).toEqual(
        api.read(schemaNamed(name), example),
      );
    }
  });

  test('reads an answer with only what is required, and one with null for all else', () => {
    const example = exampleOf(name);
    if (requests.has(name) || enums[name] || example === undefined) return;
    const required = new Set(plain(schema).required);
    const entries = Object.entries(example);
    const least = Object.fromEntries(entries.filter(([key]) => required.has(key)));
    const nulls = Object.fromEntries(entries.map(([key, value]) => [key, required.has(key) ? value : null]));
    expect(issuesOf(schemaNamed(name), least)).toBeUndefined();
    expect(issuesOf(schemaNamed(name), nulls)).toBeUndefined();
  });
});

/** Every `schema` with an `example` beside it, wherever it is in the document. */
function* mediaTypes(node: unknown): Generator<MediaType> {
  if (typeof node !== 'object' || node === null) return;
  const { schema, example } = Object(node);
  if (schema && example !== undefined) yield { schema, example };
  for (const child of Object.values(node)) yield* mediaTypes(child);
}

function examplesOf(name: string): unknown[] {
  const inUse = [...mediaTypes(spec)].filter(({ schema }) => schema.$ref === prefix + name);
  return [...inUse.map(({ example }) => example), ...(spec.components.schemas[name]?.examples ?? [])];
}

function exampleOf(name: string): Readonly<Record<string, unknown>> | undefined {
  const [example] = examplesOf(name);
  return example === undefined ? undefined : Object(example);
}

test('reads every example of a body with the schema of the same name', () => {
  const names = Object.keys(spec.components.schemas).filter((name) => !enums[name]);
  let read = 0;
  for (const name of names) {
    for (const example of examplesOf(name)) {
      expect(issuesOf(schemaNamed(name), example), `${name} ${JSON.stringify(example)}`).toBeUndefined();
      // An example shows what the spec knows: nothing of it may be dropped.
      expect(api.read(schemaNamed(name), example)).toEqual(example);
      read += 1;
    }
  }
  expect(read).toBeGreaterThan(30);
});

test('reads the example of the event stream, whose ids count the bytes', () => {
  const stream = [...mediaTypes(spec)].find(({ example }) => `${example}`.startsWith('id: '));
  const offsets = { stdout: 0, stderr: 0 };
  const kinds = `${stream?.example}`.split('\n\n').flatMap((event) => {
    const fields = new Map(event.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line]));
    const value = (field: string): string => fields.get(field)?.slice(field.length + 2) ?? '';
    const kind = value('event');
    if (kind === 'stdout' || kind === 'stderr') {
      offsets[kind] += atob(api.read(api.outputEvent, JSON.parse(value('data'))).data).length;
    } else if (kind === 'exit') api.read(api.exitEvent, JSON.parse(value('data')));
    else return [];
    if (kind !== 'exit') expect(value('id')).toBe(`${offsets.stdout}.${offsets.stderr}`);
    return [kind];
  });
  expect(kinds).toEqual(['stdout', 'stderr', 'exit']);
});

interface QueryParameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly example?: unknown;
  readonly schema: JsonSchema;
}

function queryParameters(operationId: string): QueryParameter[] {
  const operation = Object.values(spec.paths)
    .flatMap((item) => Object.values(Object(item)))
    .find((one) => Object(one).operationId === operationId);
  const parameters: readonly QueryParameter[] = Object(operation).parameters ?? [];
  return parameters
    .map((parameter) =>
      parameter.$ref ? Object(spec.components.parameters)[parameter.$ref.split('/')[3] ?? ''] : parameter,
    )
    .filter((parameter) => parameter.in === 'query');
}

describe.each(api.operations.map(({ operationId }) => operationId))('the query of %s', (operationId) => {
  const parameters = queryParameters(operationId);
  const schema = queryOf(operationId);

  test('has the names of its schema here, and needs the same of them', () => {
    const { properties, required } = schema ? asJsonSchema(schema) : {};
    expect(Object.keys(properties ?? {}).toSorted()).toEqual(parameters.map(({ name }) => name).toSorted());
    const needed = parameters.flatMap((parameter) => (parameter.required ? [parameter.name] : []));
    expect(required ?? []).toEqual(needed);
  });

  test.each(parameters)('reads and refuses the values of $name as the spec does', (parameter) => {
    const ok = (value: string): boolean => {
      const needed = parameters.filter(({ required }) => required);
      const least = Object.fromEntries(needed.map(({ name, example }) => [name, `${example}`]));
      return schema !== undefined && issuesOf(schema, { ...least, [parameter.name]: value }) === undefined;
    };
    const kind = plain(parameter.schema);
    const { minimum, maximum } = kind;
    if (minimum !== undefined && maximum !== undefined) {
      expect([`${minimum}`, `${maximum}`].map(ok)).toEqual([true, true]);
      expect([`${minimum - 1}`, `${maximum + 1}`, '1.5', '1e1', ' 1', '', '0x1'].map(ok)).not.toContain(true);
    } else if (kind.type === 'boolean') {
      expect(['true', 'false', 'yes', '', '1'].map(ok)).toEqual([true, true, false, false, false]);
    } else if (kind.enum) {
      expect(kind.enum.map(ok)).not.toContain(false);
      expect(ok('no such word')).toBe(false);
    } else {
      const pattern = new RegExp((kind.items ?? kind).pattern ?? '(?!)');
      for (const value of ['a', 'a=b', '', 'a\0', '=b', '/x']) expect(ok(value), value).toBe(pattern.test(value));
    }
  });
});

describe('messages', () => {
  const messages = (body: unknown): string[] =>
    issuesOf(api.createBoxRequest, body)?.map(({ message }) => message) ?? [];

  test.each([
    [{ cpus: 33 }, 'cpus must be a whole number from 1 to 32'],
    [{ cpus: 1.5 }, 'cpus must be a whole number from 1 to 32'],
    [{ memory_mib: 127 }, 'memory_mib must be a whole number, at least 128'],
    [{ name: '' }, 'name must be 1 to 128 letters, digits, ".", "_" or "-", beginning with a letter or digit'],
    [{ env: { 'A=B': 'c' } }, 'each name in env must be text that is not empty and holds neither "=" nor NUL'],
    [{ env: { A: 1 } }, 'each value in env must be text without NUL'],
    [{ cmd: ['a\0b'] }, 'each item of cmd must be text without NUL'],
    [{ volumes: [{ host_path: 'a', guest_path: '/a' }] }, 'host_path must be an absolute path'],
    [{ ports: [{ guest_port: 0 }] }, 'guest_port must be a whole number from 1 to 65535'],
    [{ network: 'host' }, 'network must be isolated, none, or an object with outbound and inbound'],
    [{ network: [] }, 'network must be isolated, none, or an object with outbound and inbound'],
    [{ network: { mode: 'on' } }, 'network.mode must be one of enabled, disabled'],
    [{ network: { outbound: { mode: 'on' } } }, 'network.outbound.mode must be one of enabled, disabled'],
    [{ network: { inbound: 'x' } }, 'network.inbound must be an object'],
    [
      { network: { outbound: { mode: 'disabled', allow_net: ['a.b'] } } },
      'network.allow_net does not go with mode disabled: leave it out, or use mode enabled',
    ],
    [{ network: { mode: 'enabled', allow_net: 'a.b' } }, 'network.allow_net must be a list of texts'],
    [{ image: 'a', rootfs_path: '/b' }, 'image and rootfs_path exclude each other: give one of them'],
  ])('names the field and the rule for %o', (body, message) => {
    expect(messages(body)).toEqual([message]);
  });
});
