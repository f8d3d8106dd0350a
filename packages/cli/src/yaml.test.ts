import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Plain, yaml } from './yaml.ts';

test('records are written in block style, plain where plain is safe', () => {
  expect(yaml([{ Id: 'abc', Count: 2, State: { Running: true, Pid: null }, Tags: ['a', 'yes'], None: [] }])).toBe(
    `- Id: abc
  Count: 2
  State:
    Running: true
    Pid: null
  Tags:
    - a
    - "yes"
  None: []
`,
  );
});

test('whatever JSON can hold comes back from a YAML parser as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(parse(yaml(value as Plain))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
