import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { quietly } from './step.mjs';

const npmVersion = '0.10.0';
const pythonVersion = '0.10.8';

/** The clients that BoxLite's users have, as they are published: what tests/wire runs against our server. Nothing of ours ships them. */
export const upstreamClients = {
  name: 'published clients',
  done(root) {
    // Published for these alone.
    if (process.arch !== 'x64' && process.arch !== 'arm64') return true;
    const { npm, python } = folders(root);
    const found = read(join(npm, 'node_modules/@boxlite-ai/boxlite/package.json'));
    return found?.version === npmVersion && existsSync(join(python, `boxlite-${pythonVersion}.dist-info`));
  },
  async run(root) {
    const { npm, python } = folders(root);
    for (const folder of [npm, python]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    }
    const quiet = ['--no-fund', '--no-audit', '--loglevel=error'];
    await quietly('npm', ['install', '--prefix', npm, ...quiet, `@boxlite-ai/boxlite@${npmVersion}`]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    await quietly('python3', [...pip, '--target', python, `boxlite==${pythonVersion}`]);
  },
};

function folders(root) {
  const base = join(root, '.setup/published-clients');
  return { npm: join(base, 'npm'), python: join(base, 'python') };
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
