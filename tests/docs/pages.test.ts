import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environments, exceptions, without } from './environments.ts';
import { type Block, blocksOf, pages, runnable } from './page.ts';
import { openSession, type Session } from './session.ts';

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'boxlite-compiled-'));
});
afterAll(() => rm(cache, { recursive: true }));

describe.each(
  pages.map((page) => ({ page, blocks: blocksOf(page).filter(isRun) })).filter(({ blocks }) => blocks.length > 0),
)('$page', ({ page, blocks }) => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession(page, environments[page] ?? {}, cache);
  }, 120_000);
  afterAll(() => session[Symbol.asyncDispose]());

  test.each(blocks.map((block) => ({ ...block, title: `${page}:${block.line}` })))(
    '$title ($language) runs and prints what the page says',
    { timeout: 120_000 },
    async (block) => {
      const printed = await session.run(block);
      if (block.output !== undefined) expect(printed).toEqual(expect.stringMatching(pattern(block.output)));
      expect(missing(block, printed)).toEqual([]);
    },
  );
});

test('what cannot run here is little, is still there, and has a reason each', () => {
  expect(exceptions).toHaveLength(6);
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

function isRun(block: Block): boolean {
  return runnable.has(block.language) && without(block).trim() !== '';
}

/** `…` stands for anything within a line. */
function pattern(output: string): RegExp {
  return new RegExp(
    `^${output
      .split('…')
      .map((each) => RegExp.escape(each))
      .join('.*')}$`,
  );
}

/** What the block says by `// prints: X` or `# prints: X` and did not print, in that order. */
function missing({ code }: Block, printed: string): readonly string[] {
  const lines = printed.split('\n');
  let from = 0;
  return [...code.matchAll(/(?:\/\/|#) prints: (.*)$/gm)].flatMap(([, said = '']) => {
    const at = lines.findIndex((line, index) => index >= from && pattern(said).test(line));
    if (at === -1) return [`${said} (in: ${JSON.stringify(printed)})`];
    from = at + 1;
    return [];
  });
}
