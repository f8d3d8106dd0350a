import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Box, box, createBoxRequest, execRequest, listBoxesResponse, read, type Schema } from './index.ts';

const answer: Box = {
  ...{ box_id: 'B1', status: 'running', image: 'alpine', cpus: 1, memory_mib: 512, labels: { a: 'b' } },
  ...{ created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' },
};

function issues(schema: Schema<unknown>, value: unknown): readonly string[] {
  return (schema['~standard'].validate(value).issues ?? []).map(({ path = [], message }) =>
    [...path.map((part) => String(typeof part === 'object' ? part.key : part)), message].join(': '),
  );
}

describe('an answer', () => {
  test('that is not what was expected is told by where it is and what it must be', () => {
    const boxes = [answer, { ...answer, cpus: '1', labels: { a: 1 } }, { ...answer, box_id: undefined }, 5];
    expect(issues(listBoxesResponse, { boxes })).toEqual([
      'boxes: 1: cpus: must be a whole number',
      'boxes: 1: labels: must be an object of texts',
      'boxes: 2: box_id: must be text',
      'boxes: 3: must be an object',
    ]);
    const { image: _, ...without } = answer;
    expect(issues(box, without)).toEqual(['image: must be text']);
    expect(() => read(box, without)).toThrow('image: must be text');
  });

  test('shows nothing of a value in its messages, however long it is', () => {
    const secret = 'blk_secret'.repeat(1000);
    for (const value of [secret, { ...answer, cpus: secret }, { ...answer, labels: { a: [secret] } }])
      expect(issues(box, value).join()).not.toContain('secret');
  });

  test.each([[[]], [null], ['{}'], [() => 1]])('is an object and not %o', (value) => {
    expect(issues(box, value)).toEqual(['must be an object']);
  });

  test('reads a status of tomorrow, labels that are missing and a network in another spelling as it always did', () => {
    const { labels: _, ...without } = answer;
    expect(read(box, { ...without, status: 'hibernating', network: 'isolated', health_status: 7 })).toEqual({
      ...answer,
      labels: {},
      status: 'unknown',
    });
  });
});

describe('a request', () => {
  test.each([[[]], [null], ['text'], [7]])('is an object and not %o', (value) => {
    expect(issues(createBoxRequest, value)).toEqual(['must be an object']);
  });

  test.each([
    [{ advanced: [] }, ['advanced: advanced must be an object']],
    [{ advanced: { capabilities: [] } }, ['advanced: capabilities: capabilities must be an object']],
    [{ env: [] }, ['env: env must be an object of texts']],
    [{ volumes: [{ host_path: '/a' }] }, ['volumes: 0: guest_path: guest_path must be an absolute path']],
    [{ volumes: [[]] }, ['volumes: 0: must be an object']],
    [{ auto_stop: Infinity }, ['auto_stop: auto_stop must be a number of seconds, at least 0']],
    [{ cpus: -1.5 }, ['cpus: cpus must be a whole number from 1 to 32']],
    [{ name: '' }, [expect.stringContaining('name: name must be 1 to 128 letters')]],
  ])('%j is refused once, at the member that is wrong', (value, told) => {
    expect(issues(createBoxRequest, value)).toEqual(told);
  });

  test('without what it needs says what that must be', () => {
    expect(issues(execRequest, {})).toEqual(['command: command must be text that is not empty and holds no NUL']);
  });
});

test('names that objects have themselves are names like any other, in requests and in answers', () => {
  const texts: Record<string, string> = Object.fromEntries(
    ['constructor', 'prototype', '__proto__', 'toString'].map((name) => [name, 'text']),
  );
  expect(Object.entries(read(createBoxRequest, { env: texts }).env ?? {})).toEqual(Object.entries(texts));
  expect(Object.entries(read(box, { ...answer, labels: texts }).labels)).toEqual(Object.entries(texts));
  expect(issues(box, Object.create(answer))).toEqual([]);
});

test('whatever comes is read or refused, and what was read reads as itself', () => {
  const members = Object.keys(read(box, { ...answer, name: null, network: null }));
  const anything = fc.dictionary(fc.constantFrom(...members, 'other'), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(anything, fc.constantFrom(...members), (changed, gone) => {
      const value: Record<string, unknown> = { ...answer, ...changed };
      delete value[gone];
      if (issues(box, value).length > 0) return;
      const once = read(box, value);
      expect(read(box, once)).toEqual(once);
      expect(Object.keys(once).every((name) => name !== 'other')).toBe(true);
    }),
    { numRuns: 500 },
  );
});
