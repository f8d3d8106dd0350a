import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences } from './outcome.ts';
import { blocksIn, blocksOf, root } from './page.ts';
import { openSession } from './session.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(root, '.setup/documents-'));
});
afterAll(() => rm(folder, { recursive: true }));

const fence = '```';
const block = (language: string, code: string): string => `${fence}${language}\n${code}\n${fence}\n\n`;

/** Runs a page to its end; what each block printed, or what went wrong in it. */
async function tried(...blocks: readonly string[]): Promise<readonly string[]> {
  const file = join(folder, 'page.md');
  await writeFile(file, blocks.join(''));
  const page = relative(root, file);
  await using session = await openSession(page, {}, join(folder, 'cache'));
  const said: string[] = [];
  for (const one of blocksOf(page)) said.push(await session.run(one).catch((error: Error) => error.message));
  return said;
}

test('blocks of a page share what a reader would share: variables, exports, the folder', async () => {
  const said = await tried(
    block('ts', 'const a = 1;\nconsole.log(a);'),
    block('sh', 'export WORD=word\nmkdir sub\ncd sub'),
    block('ts', 'console.log(a + 1);'),
    block('ts', "const a = process.env['WORD'];\nconsole.log(a);"),
    block('sh', 'echo "$WORD $(basename "$PWD")"'),
  );
  expect(said).toEqual(['1\n', '', '2\n', 'word\n', 'word sub\n']);
});

test('a block that fails says why, and those that go on from it fail', async () => {
  const [failed, after, shell] = await tried(
    block('ts', "console.log('so far');\nthrow new Error('broken');"),
    block('ts', 'console.log(1);'),
    block('sh', 'echo so far\nfalse\necho never'),
  );
  expect(failed).toMatch(/so far.*page\.md-1\.ts:3.*Error: broken/s);
  expect(after).toBe('the program that this goes on from has ended in a block before');
  expect(shell).toBe('exit code 1\nso far\n');
});

test('a program that ends badly after its last block fails, and so does a service that ends by itself', async () => {
  expect(await tried(block('ts', "console.log('x');\nprocess.exitCode = 3;"))).toEqual([
    expect.stringContaining('exit code 3'),
  ]);
  await expect(tried(block('sh', 'boxlite serve --port none'))).rejects.toThrow(
    /ended with 2 too early.*port must be/s,
  );
});

test('what the page says that is printed must be printed, in that order', () => {
  const [one] = blocksIn(
    `${block('ts', 'a; // prints: 1…\nb; // prints: 2')}prints\n\n${block('text', '1 x\n2')}`,
    'a.md',
  );
  if (!one) throw new Error('there is a block');
  expect(differences(one, '1 x\n2\n')).toEqual([]);
  expect(differences(one, '2\n1 x\n')).toEqual(['2', '1 x\n2\n']);
  expect(differences(one, '1 x\n2\n3\n')).toEqual(['1 x\n2\n']);
  expect(differences(one, '')).toEqual(['1…', '2', '1 x\n2\n']);
});
