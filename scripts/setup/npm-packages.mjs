import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { quietly, SetupError } from './step.mjs';

/** The Node 24 that everything after set-up runs on: the one from npm, or this one where it is new enough. */
export function repositoryNode(root) {
  const fromNpm = join(root, 'node_modules/.bin/node');
  if (existsSync(fromNpm)) return fromNpm;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new SetupError(
    `npm has no Node 24 for linux ${process.arch} and this is ${process.version}; install Node 24 and run this again`,
  );
}

/** npm packages: what package-lock.json says is what node_modules has. */
export const npmPackages = {
  name: 'npm packages',
  done(root) {
    const wanted = packagesOf(join(root, 'package-lock.json'));
    const present = packagesOf(join(root, 'node_modules/.package-lock.json'));
    if (!wanted || !present) return false;
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '') return true;
      const found = present[path];
      return found ? same(entry, found) : entry.optional === true || !path.startsWith('node_modules/');
    });
  },
  async run(root) {
    // Not `npm ci`: it refuses a lock without every optional package of every platform, and a registry mirror may lack
    // some (ours: Biome's and oxc-parser's for macOS and Windows). The lock still decides, and `done` compares with it.
    await quietly('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--loglevel=error'], { cwd: root });
    if (!this.done(root)) {
      throw new SetupError(
        'npm installed other packages than package-lock.json says; delete node_modules and try again',
      );
    }
  },
};

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Where it came from may differ: a mirror has the same bytes. */
function same(wanted, found) {
  const bytes = wanted.integrity === undefined || found.integrity === undefined || wanted.integrity === found.integrity;
  const programs = JSON.stringify(wanted.bin) === JSON.stringify(found.bin);
  return wanted.version === found.version && wanted.link === found.link && bytes && programs;
}
