import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDebianImage, type DebianImage } from '../../images/debian/image.ts';

const root = join(import.meta.dirname, '../..');

/** The OCI layout of an image, built once for each state of `images/`, and kept in `.setup`. */
export async function builtLayout(image: DebianImage): Promise<string> {
  const hash = createHash('sha256');
  const sources = await Array.fromAsync(glob('images/**/*.ts', { cwd: root }));
  for (const source of sources.toSorted()) hash.update(source).update(await readFile(join(root, source)));
  const folder = join(root, '.setup/test-images');
  const layout = join(folder, `${image.name.replaceAll('/', '-')}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(layout)) return layout;
  await mkdir(folder, { recursive: true });
  const draft = `${layout}.${randomUUID()}`;
  try {
    await buildDebianImage(image, draft);
    await rename(draft, layout);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Somebody else was quicker.
    if (!existsSync(layout)) throw error;
  }
  return layout;
}
