import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The TypeScript blocks of a page of the repository, in order. */
export async function blocksOf(page: string): Promise<readonly string[]> {
  const text = await readFile(join(import.meta.dirname, '..', page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
}
