import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ImageError } from 'boxlite/backend';

/** The file of a name in an unpacked archive, links followed; `ImageError` when it is missing, no file or outside. */
export async function fileIn(root: string, name: string, what: string): Promise<string> {
  const base = await realpath(root);
  const file = await realpath(join(base, name)).catch(() => undefined);
  const inside = file?.startsWith(base + sep) === true && (await stat(file)).isFile();
  if (!inside) throw new ImageError(`${what} has no file ${name}`);
  return file;
}
