import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The clone that the pages are of. */
export const root: string = join(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  /** From the root of the clone. */
  readonly page: string;
  /** Of the fence that opens it, from 1. */
  readonly line: number;
  /** What stands behind that fence; empty where nothing does. */
  readonly language: string;
  readonly code: string;
  /** The text between the block before, or the heading, and this one. */
  readonly before: string;
  /** What the page says that it prints: the `text` block behind it. `…` stands for anything within a line. */
  readonly output: string | undefined;
}

/** Languages of blocks that a reader runs. */
export const runnable: ReadonlySet<string> = new Set(['ts', 'js', 'python', 'sh']);

/** Every page of the clone, by its path from the root. */
export const pages: readonly string[] = globSync('**/*.md', {
  cwd: root,
  exclude: ['**/node_modules', '**/dist', '**/.*'],
}).toSorted();

/** The blocks of a page in their order. */
export function blocksOf(page: string): readonly Block[] {
  return blocksIn(readFileSync(join(root, page), 'utf8'), page);
}

/** The blocks in the text of a page. A fence that is never closed is an error. */
export function blocksIn(text: string, page: string): readonly Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let from = 0;
  for (let open = lines.findIndex(isFence); open !== -1; open = nextFence(lines, from)) {
    const close = lines.findIndex((line, index) => index > open && line === '```');
    if (close === -1) throw new Error(`${page}:${open + 1}: the block is not closed`);
    const between = lines.slice(from, open);
    const heading = between.findLastIndex((line) => line.startsWith('#'));
    const language = lines[open]?.slice(3).trim() ?? '';
    const code = lines.slice(open + 1, close).join('\n');
    const before = between
      .slice(heading + 1)
      .join('\n')
      .trim();
    const last = blocks.at(-1);
    if (language === 'text' && last && runnable.has(last.language) && heading === -1 && isShort(before)) {
      blocks[blocks.length - 1] = { ...last, output: `${code}\n` };
    } else blocks.push({ page, line: open + 1, language, code: `${code}\n`, before, output: undefined });
    from = close + 1;
  }
  return blocks;
}

const isFence = (line: string): boolean => line.startsWith('```');
const nextFence = (lines: readonly string[], from: number): number =>
  lines.findIndex((line, index) => index >= from && isFence(line));
/** "prints", say: what may stand between a block and its output. */
const isShort = (text: string): boolean => text.length < 100 && !text.includes('\n');
