import { expect, test } from 'vitest';
import { document, operationOf, type Place, within } from './contract.ts';
import { eventBody } from './event-body.ts';
import { lineBody } from './line-body.ts';
import { whatIsWrong } from './schema.ts';

interface Example {
  readonly schema: Place;
  readonly value: unknown;
}

/** Every example of the contract: beside its schema, or in it. */
function* examplesIn(place: Place): Generator<Example> {
  const { value } = place;
  if (typeof value !== 'object' || value === null) return;
  const { schema, example, examples, type }: Record<string, unknown> = Object(value);
  const found = schema === undefined ? undefined : within({ ...place, value: { schema } }, 'schema');
  if (found && example !== undefined) yield { schema: found, value: example };
  if (Array.isArray(examples) && type !== undefined) for (const one of examples) yield { schema: place, value: one };
  for (const key of Object.keys(value)) {
    if (key === 'example' || key === 'examples') continue;
    const inner = within({ value: Object(value), pointer: place.pointer }, key);
    if (inner?.pointer.startsWith(place.pointer)) yield* examplesIn(inner);
  }
}

const examples = [...examplesIn({ value: document, pointer: '#' })];

test('every example is what its schema says', () => {
  const wrong = examples.map(({ schema, value }) => whatIsWrong(schema, value)).filter((one) => one !== undefined);
  expect(wrong).toEqual([]);
  expect(examples.length).toBeGreaterThan(120);
});

test('every body, parameter and header of the contract has an example', () => {
  const lacking: string[] = [];
  const walk = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const { schema, example }: Record<string, unknown> = Object(value);
    if (schema !== undefined && example === undefined && typeof schema === 'object' && !pointer.endsWith('/properties'))
      lacking.push(pointer);
    for (const [key, inner] of Object.entries(value)) if (!/^examples?$/.test(key)) walk(inner, `${pointer}/${key}`);
  };
  walk(document, '#');
  expect(lacking).toEqual([]);
});

test.each([
  ['/v1/boxes/a/executions/b/output', 3],
  ['/v1/events', 2],
])('the example of the stream of %s is what its events say', (path, count) => {
  const operation = operationOf('GET', path);
  const answer = operation && within(operation.responses, '200');
  const text = Object(answer?.value).content['text/event-stream'].example;
  expect(text.match(/^event: /gm)).toHaveLength(count);
  const check = operation && eventBody(operation);
  expect([check?.push(Buffer.from(`${text}\n`)), check?.end(true)]).toEqual([undefined, undefined]);
});

test('the example of a list of entries is what its lines are', () => {
  const operation = operationOf('GET', '/v1/boxes/a/files/entries');
  const answer = operation && within(operation.responses, '200');
  const text = Object(answer?.value).content['application/x-ndjson'].example;
  const check = operation && lineBody(operation);
  expect([check?.push(Buffer.from(text)), check?.end(true)]).toEqual([undefined, undefined]);
});
