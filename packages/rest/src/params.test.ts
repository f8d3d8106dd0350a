import { expect, test } from 'vitest';
import { commaSeparated, form, json, nameOrId } from './index.ts';
import { appendParams, type QueryParams } from './params.ts';

function spell(params: QueryParams): string {
  const search = new URLSearchParams();
  appendParams(search, params);
  return `${search}`;
}

test('every kind of value has one spelling, and undefined is left out', () => {
  expect(
    spell({
      s: 'a b&c',
      n: 1.5,
      big: 9007199254740993n,
      yes: true,
      no: false,
      at: new Date(0),
      none: undefined,
      e: '',
    }),
  ).toBe('s=a+b%26c&n=1.5&big=9007199254740993&yes=true&no=false&at=1970-01-01T00%3A00%3A00.000Z&e=');
});

test('a list repeats its key', () => {
  expect(spell({ 'iids[]': [1, undefined, 2], none: [] })).toBe('iids%5B%5D=1&iids%5B%5D=2');
});

test('a comma-separated list is one value, is left out when empty, and cannot hide a comma', () => {
  expect(spell({ states: commaSeparated(new Set(['running', 'stopped'])) })).toBe('states=running%2Cstopped');
  expect(commaSeparated([])).toBeUndefined();
  expect(() => commaSeparated(['a', 'b,c'])).toThrow(/comma/);
});

test('a name and an id go by their own keys', () => {
  expect(spell(nameOrId('root', 'author_username', 'author_id'))).toBe('author_username=root');
  expect(spell(nameOrId(7, 'author_username', 'author_id'))).toBe('author_id=7');
  expect(spell(nameOrId(undefined, 'author_username', 'author_id'))).toBe('');
});

test('a JSON or form body is spelled when it is made', () => {
  const value = { a: 1 };
  const body = json(value);
  value.a = 2;
  expect(body).toMatchObject({ type: 'application/json', replayable: true });
  expect(body.content()).toBe('{"a":1}');
  expect(form({ grant_type: 'client_credentials', scope: ['a', 'b'] }).content()).toBe(
    'grant_type=client_credentials&scope=a&scope=b',
  );
});
