import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

function parsed(header: string): [string, Record<string, string>][] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

test('schemes and parameters are told apart, quoted commas and escapes included', () => {
  expect(
    parsed('Bearer realm="https://a/t?x=1,2",Service="s \\"q\\"",scope="repository:a/b:pull,push", Basic realm=r'),
  ).toEqual([
    ['bearer', { realm: 'https://a/t?x=1,2', service: 's "q"', scope: 'repository:a/b:pull,push' }],
    ['basic', { realm: 'r' }],
  ]);
  expect(parsed('Negotiate, Basic realm = "x"')).toEqual([
    ['negotiate', {}],
    ['basic', { realm: 'x' }],
  ]);
  expect(parsed('')).toEqual([]);
});

test('any header is parsed without an error', () => {
  fc.assert(fc.property(fc.string(), (header) => Array.isArray(parseChallenges(header))));
});
