import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './json-text.ts';

test('it reads whatever JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium' }), fc.constantFrom('', '  '), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test('it refuses whatever JSON.parse refuses, and names a position in the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ne0-1.tfu \n\u0001a') }), (text) => {
      let fine = true;
      try {
        JSON.parse(text);
      } catch {
        fine = false;
      }
      if (!fine) expect(() => parseJson(text)).toThrow(/malformed JSON at position \d+/);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['{"a":1,"a":2}', 'position 7: the key "a" is given twice'],
  [String.raw`{"a":1,"\u0061":2}`, 'position 7: the key "a" is given twice'],
  [String.raw`["\ud800"]`, 'position 1: a string with a lone surrogate'],
  ['[1e999]', 'position 1: a number out of range'],
  ['{"a":1', 'position 6: "," or "}" was expected'],
  ['', 'position 0: the text ends too early'],
  ['1 2', 'position 2: something follows the value'],
  ['"abc', 'position 0: a string that does not end'],
  ['[1,]', 'position 3: a value was expected'],
])('%s is refused: %s', (text, message) => {
  expect(() => parseJson(text)).toThrow(message);
});

test('nesting deeper than 64 levels is refused without using up the stack', () => {
  expect(parseJson('['.repeat(64) + ']'.repeat(64))).toBeDefined();
  expect(() => parseJson('['.repeat(500_000))).toThrow('position 64: more than 64 levels');
});

test('a key named __proto__ is a key like any other', () => {
  const value = parseJson('{"__proto__":{"polluted":true}}');
  expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  expect('polluted' in {}).toBe(false);
});
