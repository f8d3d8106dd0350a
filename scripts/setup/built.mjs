import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import process from 'node:process';
import { command } from './host-packages.mjs';
import { repositoryNode } from './npm-packages.mjs';
import { quietly } from './step.mjs';

/** The guest, compiled into guest/build. */
export const guestProgram = built({
  name: 'guest',
  sources: ['guest'],
  output: 'guest/build',
  make: (root) => quietly('make', ['-C', join(root, 'guest')]),
});

/** The image `boxlite/base:latest`, in .setup/base-image: every home directory gets it on first use. */
export const baseImage = built({
  name: 'base image',
  sources: ['images/base', 'packages/runtime/src/tar'],
  output: '.setup/base-image',
  make: (root) => quietly(repositoryNode(root), [join(root, 'images/base/build.ts')], { cwd: root }),
});

/** The page at /dashboard, in .setup/dashboard. */
export const dashboard = built({
  name: 'dashboard',
  sources: ['packages/dashboard', 'packages/sdk/src', 'packages/api/src', 'packages/rest/src'],
  output: '.setup/dashboard',
  make: (root) =>
    quietly(
      repositoryNode(root),
      [join(root, 'node_modules/vite/bin/vite.js'), 'build', join(root, 'packages/dashboard')],
      { cwd: root },
    ),
});

/** What tests make boxes of beside the base image, in .setup/test-images; only where apt is. Built here, since apt works for one at a time. */
export const testImages = built({
  name: 'test images',
  sources: ['images'],
  output: '.setup/test-images',
  possible: () => Boolean(command('apt-get') && command('dpkg-deb')),
  make: (root) => quietly(repositoryNode(root), [join(root, 'tests/images/build.ts')], { cwd: root }),
});

/** A step that makes `output` from `sources`: done while a stamp holds the hash of the sources' contents. */
function built({ name, sources, output, possible = () => true, make }) {
  const stamp = (root) => join(root, '.setup', `${name.replaceAll(' ', '-')}.stamp`);
  return {
    name,
    done(root) {
      const made = existsSync(join(root, output)) && read(stamp(root)) === hash(root, sources);
      return made || !possible();
    },
    async run(root) {
      const before = hash(root, sources);
      mkdirSync(join(root, '.setup'), { recursive: true });
      await make(root);
      const temporary = `${stamp(root)}.${process.pid}`;
      writeFileSync(temporary, before);
      renameSync(temporary, stamp(root));
    },
  };
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function hash(root, sources) {
  const digest = createHash('sha256');
  for (const source of sources) {
    const entries = readdirSync(join(root, source), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
      .filter((file) => !file.split(sep).includes('build'));
    for (const file of files.sort()) {
      digest
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0');
    }
  }
  return digest.digest('hex');
}
