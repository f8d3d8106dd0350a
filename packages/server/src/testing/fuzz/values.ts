import type { Contract, Schema } from './contract.ts';
import type { Random } from './random.ts';

/** How a value relates to its schema. */
export type Manner = 'valid' | 'boundary' | 'wrong type' | 'unknown field' | 'huge' | 'unicode';

/** Texts that parsers, shells, paths, databases and people stumble over. */
export const hostileTexts: readonly [string, ...string[]] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '..',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  '\ud800',
  '🦀',
  'ﷺ',
  'e\u0301',
  '\u202eevil',
  "'; DROP TABLE boxes; --",
  '$(reboot)',
  '%00',
  'a'.repeat(300),
  '\r\nX: y',
  '<script>',
  'null',
  '-1',
  '1e400',
];
const plainTexts: readonly [string, ...string[]] = [
  'a',
  'E1',
  'default',
  'work/x',
  'a=b',
  '/tmp',
  'alpine:latest',
  '7',
];
const numbers: readonly [number, ...number[]] = [0, 1, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 4096];
const anything: readonly [unknown, ...unknown[]] = [
  null,
  true,
  0,
  -1,
  1.5,
  '',
  'x',
  [],
  {},
  [[]],
  { a: { b: [null] } },
];

/** A value for a schema, or one that misses it as `manner` says. Now and then a member goes wrong in another manner. */
export function fittingValue(schema: Schema, contract: Contract, random: Random, manner: Manner, depth = 0): unknown {
  const found = contract.resolve(schema);
  const inner = (one: Schema, how: Manner = manner): unknown => fittingValue(one, contract, random, how, depth + 1);
  if (manner === 'wrong type' && random.chance(depth === 0 ? 0.1 : 0.4)) return random.pick(anything);
  if (depth > 6) return null;
  const choices = found.anyOf ?? found.oneOf;
  if (choices) return inner(choices[random.below(choices.length)] ?? {});
  if (found.const !== undefined) return found.const;
  if (found.enum) return manner === 'unicode' ? random.pick(hostileTexts) : found.enum[random.below(found.enum.length)];
  const types = typeof found.type === 'string' ? [found.type] : (found.type ?? ['string']);
  const type = types[random.below(types.length)];
  if (type === 'object') return objectOf(found, random, manner, inner);
  if (type === 'array') {
    const length = manner === 'huge' ? 300 : random.below(4);
    return Array.from({ length }, () => inner(found.items ?? {}));
  }
  if (type === 'integer' || type === 'number') return numberOf(found, random, manner, type === 'integer');
  if (type === 'boolean') return random.chance(0.5);
  if (type === 'null') return null;
  return textOf(found, random, manner);
}

function objectOf(
  { properties = {}, required = [], additionalProperties }: Schema,
  random: Random,
  manner: Manner,
  inner: (schema: Schema, manner?: Manner) => unknown,
): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(properties)) {
    const wanted = required.includes(name) ? !(manner === 'wrong type' && random.chance(0.1)) : random.chance(0.3);
    // One member that is wrong is told apart from others only if those are right.
    if (wanted) made[name] = inner(schema, random.chance(0.7) ? 'valid' : manner);
  }
  if (typeof additionalProperties === 'object') {
    const count = manner === 'huge' ? 300 : random.below(3);
    for (let i = 0; i < count; i++) {
      const name = manner === 'unicode' ? random.pick(hostileTexts) : `${random.pick(plainTexts)}${i}`;
      Object.defineProperty(made, name, { value: inner(additionalProperties), enumerable: true, configurable: true });
    }
  }
  if (manner === 'unknown field') {
    for (const name of ['__proto__', 'constructor', random.pick(hostileTexts), 'not_there']) {
      Object.defineProperty(made, name, { value: random.pick(anything), enumerable: true, configurable: true });
    }
  }
  return made;
}

function numberOf({ minimum, maximum }: Schema, random: Random, manner: Manner, whole: boolean): unknown {
  const [least, most] = [minimum ?? -1000, maximum ?? 1000];
  if (manner === 'boundary') {
    return random.pick([least, most, least - 1, most + 1, least + 0.5, -0, ...numbers]);
  }
  if (manner === 'huge') return random.pick(numbers);
  const between = least + random.next() * Math.min(most - least, 1000);
  return whole ? Math.round(between) : between;
}

function textOf({ pattern, minLength = 0, maxLength }: Schema, random: Random, manner: Manner): unknown {
  if (manner === 'unicode') return random.pick(hostileTexts);
  if (manner === 'huge') return 'x'.repeat(random.pick([5000, 5000, 5000, 70_000]));
  if (manner === 'boundary') {
    const most = maxLength ?? 128;
    return 'x'.repeat(random.pick([0, 1, minLength, Math.max(0, minLength - 1), most, most + 1]));
  }
  const fitting = pattern === undefined ? plainTexts : plainTexts.filter((text) => new RegExp(pattern).test(text));
  return fitting[random.below(fitting.length)] ?? 'a';
}
