import { InvalidArgumentError } from 'boxlite/backend';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatReference, parseReference } from './reference.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each([
  ['alpine', 'docker.io/library/alpine:latest'],
  ['alpine:3.19', 'docker.io/library/alpine:3.19'],
  ['user/app', 'docker.io/user/app:latest'],
  ['index.docker.io/alpine', 'docker.io/library/alpine:latest'],
  ['boxlite/base', 'docker.io/boxlite/base:latest'],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000/app:1', 'localhost:5000/app:1'],
  ['[::1]:5000/a/b', '[::1]:5000/a/b:latest'],
  ['GHCR.io/a/b-c__d.e', 'ghcr.io/a/b-c__d.e:latest'],
  [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
  [`h.io:1/a:T@${digest}`, `h.io:1/a:T@${digest}`],
])('%s is %s', (text, full) => {
  expect(formatReference(parseReference(text)[0])).toBe(full);
});

test.each([
  ['', 'empty'],
  ['Alpine', 'upper-case'],
  ['docker.io/Library/alpine', 'upper-case'],
  ['alpine:', 'malformed'],
  ['alpine:-x', 'malformed'],
  ['alpine:a b', 'malformed'],
  ['/alpine', 'malformed'],
  ['a//b', 'malformed'],
  ['../x', 'host'],
  ['a/../b', 'malformed'],
  ['http://x/y', 'host'],
  ['alpine@sha256:12', 'digest'],
  ['alpine@md5:x', 'digest'],
  ['a'.repeat(256), 'longer'],
  ['docker.io/', 'malformed'],
  ['a\nb', 'malformed'],
])('%j is refused', (text, why) => {
  expect(() => parseReference(text)).toThrow(InvalidArgumentError);
  expect(() => parseReference(text)).toThrow(why);
});

test('a name without a registry is tried at the search registries in order, then at docker.io', () => {
  expect(parseReference('app', ['one:1', 'two:2']).map(formatReference)).toEqual([
    'one:1/app:latest',
    'two:2/app:latest',
    'docker.io/library/app:latest',
  ]);
  expect(parseReference('x.io/app', ['one:1'])).toHaveLength(1);
});

test('a full reference is its own normal form, and any text is either parsed or refused as invalid', () => {
  const part = fc.stringMatching(/^[a-z0-9]+([._-][a-z0-9]+)?$/);
  fc.assert(
    fc.property(
      fc.constantFrom('docker.io', 'h:1', 'a.b.c:443', 'localhost'),
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
      (host, parts, tag) => {
        const full = formatReference(parseReference(`${host}/${parts.join('/')}:${tag}`)[0]);
        expect(formatReference(parseReference(full)[0])).toBe(full);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseReference(text);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidArgumentError);
      }
    }),
  );
});
