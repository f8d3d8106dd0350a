import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorsPage } from '../../../scripts/errors-page.ts';
import { referencePage } from '../../../scripts/reference.ts';
import { operations, scopes } from './index.ts';

const page = referencePage();

test('docs/reference/rest-api.md is what the spec says; if not, run node scripts/reference.ts', () => {
  const written = readFileSync(new URL('../../../docs/reference/rest-api.md', import.meta.url), 'utf8');
  expect(written).toBe(page);
});

test('docs/reference/errors.md is what the table of errors says; if not, run node scripts/reference.ts', () => {
  const written = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');
  expect(written).toBe(errorsPage());
});

test('has a section for every operation, a row for every scope, and only links that lead somewhere', () => {
  const headings = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) => `${title}`.toLowerCase()));
  for (const { operationId } of operations) expect(headings).toContain(operationId.toLowerCase());
  for (const scope of scopes) expect(page).toContain(`| \`${scope}\` |`);
  for (const [, target] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(target);
  expect(page).not.toMatch(/undefined|\[object Object\]/);
});
