import { expect, test } from 'vitest';
import { formatRule, parseRule } from './rule.ts';

test.each([
  ['pypi.org', 'pypi.org'],
  ['PyPI.org.', 'pypi.org'],
  ['*.pypi.org:443', '*.pypi.org:443'],
  ['192.0.2.1', '192.0.2.1/32'],
  ['10.0.0.0/8:5432', '10.0.0.0/8:5432'],
  ['2001:db8::1', '[2001:db8::1]/128'],
  ['[2001:db8::]/32:443', '[2001:db8::]/32:443'],
  ['[2001:db8::1]:443', '[2001:db8::1]/128:443'],
])('%s is the rule %s', (rule, text) => {
  expect(formatRule(parseRule(rule))).toBe(text);
});

test.each([
  '',
  '*',
  '*.',
  'a..b',
  '-a.org',
  'exa mple.org',
  'a.*.org',
  'example.org:0',
  'example.org:65536',
  'example.org:http',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0',
  '300.1.1.1',
  'example.org/8',
  '2001:db8::/129',
  'fe80::1%eth0',
  `${'a'.repeat(64)}.org`,
  'https://example.org',
])('%s is refused by name', (rule) => {
  expect(() => parseRule(rule)).toThrow(`network.allow ${JSON.stringify(rule)}`);
});
