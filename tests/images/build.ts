// Builds the images that tests need from Debian packages, and removes what earlier states of `images/` left: `node tests/images/build.ts`.
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { browserImage } from '../../images/browser/build.ts';
import { desktopImage } from '../../images/desktop/build.ts';
import { pythonImage } from '../../images/python/build.ts';
import { builtLayout } from './built-layout.ts';

const layouts: string[] = [];
for (const image of [pythonImage, browserImage, desktopImage]) layouts.push(await builtLayout(image));
const folder = dirname(layouts[0] ?? '');
const current = new Set(layouts.map((layout) => basename(layout)));
for (const name of await readdir(folder)) {
  if (!current.has(name)) await rm(join(folder, name), { recursive: true });
}
