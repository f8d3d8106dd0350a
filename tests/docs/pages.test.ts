import { expect, test } from 'vitest';
import { exceptions } from './environments.ts';
import { blocksOf, pages } from './page.ts';
import { tryPages } from './tried-pages.ts';

// All but the guides, which are tried beside these.
tryPages(pages.filter((page) => !page.startsWith('docs/guides/')));

test('what cannot run here is little, is still there, and has a reason each', () => {
  expect(exceptions).toHaveLength(10);
  for (const { page, line, reason } of exceptions) {
    expect(reason).not.toBe('');
    expect(
      blocksOf(page).filter(({ code }) => `\n${code}`.includes(`\n${line}`)),
      `${page}: ${line}`,
    ).toHaveLength(1);
  }
});

test('what a page prints under a block belongs to that block', () => {
  const stray = pages
    .filter((page) => !page.startsWith('docs/reference/'))
    .flatMap((page) => blocksOf(page).filter(({ language }) => language === 'text'));
  expect(stray.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
});
