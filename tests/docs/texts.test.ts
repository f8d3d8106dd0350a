import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { exceptions } from './environments.ts';
import { blocksIn, blocksOf, pages, root, runnable } from './page.ts';
import { programsOf } from './program.ts';

const all = pages.flatMap(blocksOf);

test('the TypeScript of every page compiles', async () => {
  // Inside the clone, where the packages are found by name.
  const folder = await mkdtemp(join(root, '.setup/documents-'));
  try {
    for (const page of pages) {
      for (const { blocks, source } of programsOf(blocksOf(page)))
        await writeFile(join(folder, `${page.replaceAll('/', '-')}-${blocks[0]?.line}.ts`), source);
    }
    const compilerOptions = { noUnusedLocals: false, noPropertyAccessFromIndexSignature: false };
    const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', folder]);
    expect(
      await tsc.then(
        () => 'compiles',
        ({ stdout }) => stdout,
      ),
    ).toBe('compiles');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the links of every page lead to what is there', () => {
  for (const page of pages) {
    for (const [, target = '', heading] of textOf(page).matchAll(/\]\(([^)#\s:]*)(?:#([^)\s:]*))?\)/g)) {
      const file = target === '' ? page : join(dirname(page), target);
      expect(existsSync(join(root, file)), `${page} links to ${target}`).toBe(true);
      if (heading !== undefined) expect(headingsOf(file), `${page} links to ${target}#${heading}`).toContain(heading);
    }
  }
});

test('the index leads to every guide and every page of reference', () => {
  const led = new Set(
    [...textOf('docs/README.md').matchAll(/\]\(([^)#\s:]+)/g)].map(([, to = '']) => join('docs', to)),
  );
  const wanted = pages.filter((page) => /^docs\/(guides|reference)\//.test(page) || page === 'docs/getting-started.md');
  expect(wanted.filter((page) => !led.has(page))).toEqual([]);
});

test('every block says what it is in, and a reader can run it, read it or see it as output', () => {
  const known = new Set([...runnable, 'json', 'yaml', 'text', 'ini']);
  const strange = all.filter(({ language }) => !known.has(language));
  expect(strange.map(({ page, line, language }) => `${page}:${line} ${language}`)).toEqual([]);
  // A unit of systemd is not run; see the exceptions.
  for (const { page, code } of all.filter(({ language }) => language === 'ini'))
    expect(exceptions.some((one) => one.page === page && code.startsWith(one.line))).toBe(true);
});

test('JSON and YAML are what they say; what is of the API is as its contract says', () => {
  const spec: object = parse(readFileSync(join(root, 'spec/openapi.yaml'), 'utf8'));
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).addSchema(spec, 'spec');
  let compared = 0;
  for (const { page, line, language, code, before } of all) {
    if (language !== 'json' && language !== 'yaml') continue;
    const value: unknown = language === 'json' ? JSON.parse(code) : parse(code);
    // What the reference writes above a body: its schema.
    const schema = /`application\/json`, \[(\w+)\]\([^)]*\)\.$/.exec(before)?.[1];
    if (schema === undefined) continue;
    compared++;
    const valid = ajv.validate(`spec#/components/schemas/${schema}`, value);
    expect(valid ? '' : `${page}:${line}: ${ajv.errorsText()}`).toBe('');
  }
  expect(compared).toBeGreaterThan(20);
});

test('a page is cut into blocks, with their lines and what they print', () => {
  const text = '# A\n\n```ts\n1;\n```\n\nprints\n\n```text\none\n```\n\n## B\n\n```text\ntwo\n```\n';
  expect(blocksIn(text, 'a.md')).toMatchObject([
    { line: 3, language: 'ts', code: '1;\n', output: 'one\n' },
    { line: 15, language: 'text', code: 'two\n', output: undefined },
  ]);
  expect(() => blocksIn('```ts\n', 'a.md')).toThrow('a.md:1: the block is not closed');
});

test('blocks go on from one another until a name is declared again', () => {
  const block = (body: string): string => `\`\`\`ts\n${body}\n\`\`\`\n`;
  const page = ["import { a } from 'm';\nconst { x: y } = a;", "import { a, b } from 'm';\nb(y);", 'const y = 1;'];
  const [first, second, ...more] = programsOf(blocksIn(page.map(block).join(''), 'a.md'));
  expect(more).toEqual([]);
  const lines = first?.source.split('\n') ?? [];
  expect(lines.slice(1, 3)).toEqual(["import { a } from 'm';", 'const { x: y } = a;']);
  // Each line where it is in the page, and nothing imported twice.
  expect(lines.slice(5, 7)).toEqual(["import { b } from 'm';", 'b(y);']);
  expect(second?.blocks.map(({ line }) => line)).toEqual([9]);
});

function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8')
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

/** The anchors of a page's headings; of a folder or another file, none. */
function headingsOf(page: string): readonly string[] {
  if (!page.endsWith('.md')) return [];
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```$/gms, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
