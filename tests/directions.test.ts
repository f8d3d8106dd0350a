import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspaceImports, wrongDirections } from '../scripts/directions.ts';

test('every package imports only what the arrows of the architecture allow', () => {
  expect(wrongDirections(join(import.meta.dirname, '../packages'))).toEqual([]);
});

test('an import against the arrows is found, in whatever form it is written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-directions-'));
  try {
    await mkdir(join(folder, 'rest/src'), { recursive: true });
    await writeFile(join(folder, 'rest/src/bad.ts'), "import { Boxlite } from 'boxlite';\n");
    await writeFile(join(folder, 'rest/src/bad.test.ts'), "import { Boxlite } from 'boxlite';\n");
    expect(wrongDirections(folder)).toEqual(['packages/rest/src/bad.ts imports boxlite']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('static, type-only, re-exporting, side-effect and dynamic imports all count', () => {
  const source = `
import type { A } from '@boxlite/rest';
import {
  b,
} from '@boxlite/api';
export * from 'boxlite/backend';
import '@boxlite/server';
const runtime = await import('@boxlite/runtime');
import { readFile } from 'node:fs/promises';
`;
  expect(workspaceImports(source)).toEqual([
    '@boxlite/rest',
    '@boxlite/api',
    'boxlite/backend',
    '@boxlite/server',
    '@boxlite/runtime',
  ]);
});
