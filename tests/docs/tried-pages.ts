import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environments, without } from './environments.ts';
import { differences } from './outcome.ts';
import { blocksOf, runnable } from './page.ts';
import { openSession, type Session } from './session.ts';

/** Defines a test for every block of these pages that a reader runs. A page's blocks are one session, from top to end. */
export function tryPages(pages: readonly string[]): void {
  let cache: string;
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'boxlite-compiled-'));
  });
  afterAll(() => rm(cache, { recursive: true }));

  const all = pages.map((page) => ({
    page,
    blocks: blocksOf(page).filter((block) => runnable.has(block.language) && without(block).trim() !== ''),
  }));
  describe.each(all.filter(({ blocks }) => blocks.length > 0))('$page', ({ page, blocks }) => {
    let session: Session;
    beforeAll(async () => {
      session = await openSession(page, environments[page] ?? {}, cache);
    }, 120_000);
    afterAll(() => session[Symbol.asyncDispose]());

    test.each(blocks.map((block) => ({ ...block, where: `${page}:${block.line}` })))(
      '$where ($language) runs and prints what the page says',
      { timeout: 120_000 },
      async (block) => {
        const printed = await session.run(block);
        const missing = differences(block, printed).join('\n');
        expect(missing, `${block.code}\nprinted\n${printed}\nand not what is expected`).toBe('');
      },
    );
  });
}
