import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** The modules of a kernel with those that they need, in an order to load them; what is built in is left out. */
export async function modulesWithNeeds(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const paths = new Map<string, string>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.ko')) paths.set(basename(path, '.ko').replaceAll('-', '_'), join(folder, path));
  const ordered = new Set<string>();
  const add = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (path === undefined || ordered.has(path)) return;
    const needs = /\0depends=([^\0]*)\0/.exec(await readFile(path, 'latin1'))?.[1] ?? '';
    for (const need of needs.split(',')) await add(need.replaceAll('-', '_'));
    ordered.add(path);
  };
  for (const name of names) await add(name);
  return [...ordered];
}
