import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLinks } from './link.ts';

test.each([
  ['<p>; rel="prev", <n>; rel="next"', 'n'],
  ['<n>;rel=next', 'n'],
  ['<n> ; REL = "Next"', 'n'],
  ['<n>; rel="last next"', 'n'],
  ['<p>; title="a, <x>; rel=next"; rel=prev, <n>; rel=next', 'n'],
  ['<p>; title="quote \\", <x>; rel=next"; rel=prev, <n>; rel=next', 'n'],
  ['<a,b;c>; rel=next', 'a,b;c'],
  ['<n>; rel=next; rel=prev, <m>; rel=next', 'n'],
  ['<p>; rel=prev; rel=next', undefined],
  ['<>; rel=next', ''],
  ['<p>; rel="nextish"', undefined],
  ['rel=next', undefined],
  ['<p; rel=next', undefined],
  ['', undefined],
])('the next of %s is %s', (header, next) => {
  expect(parseLinks(header).get('next')).toBe(next);
});

const quoted = fc.string().map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
const param = fc.tuple(fc.constantFrom('title', 'anchor', 'hreflang', 'x-rel'), quoted).map((pair) => pair.join('='));
const rest = fc.array(param, { maxLength: 3 });
const target = fc.webUrl({ withQueryParameters: true, withFragments: true }).map((url) => `${url}?a,b;c="d"`);
const space = fc.constantFrom('', ' ', '\t', '  ');

function link(relation: string): fc.Arbitrary<{ target: string; text: string }> {
  return fc.tuple(target, rest, rest, space).map(([to, before, after, gap]) => ({
    target: to,
    text: [`<${to}>`, ...before, `rel="${relation}"`, ...after].join(`${gap};${gap}`),
  }));
}

test('the next link is found among any others, wherever quotes, commas and spaces are', () => {
  const others = fc.array(fc.constantFrom('prev', 'first', 'last', 'preload').chain(link), { maxLength: 4 });
  fc.assert(
    fc.property(others, link('next'), others, (before, next, after) => {
      const all = [...before, next, ...after].map(({ text }) => text);
      expect(parseLinks(all.join(', ')).get('next')).toBe(next.target);
      expect(parseLinks([...before, ...after].map(({ text }) => text).join(',')).has('next')).toBe(false);
    }),
  );
});

test('no header makes it throw, or slow', () => {
  fc.assert(fc.property(fc.string(), (header) => parseLinks(header) instanceof Map));
  for (const nasty of ['<', '<>;', '<a>;a=";', ';a="\\', '; ', '<a>; rel="']) {
    const begun = process.threadCpuUsage();
    parseLinks(nasty.repeat(16_384));
    const { user, system } = process.threadCpuUsage(begun);
    expect(user + system).toBeLessThan(1_000_000);
  }
});
