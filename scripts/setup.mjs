// Gets this clone ready, then runs a script of the repository on Node 24: `node scripts/setup.mjs [-- script.ts args…]`.
// Plain JavaScript with no dependency: it has to work on Node 20 before anything is installed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { baseImage, dashboard, guestProgram, testImages } from './setup/built.mjs';
import { hostPackages } from './setup/host-packages.mjs';
import { testKernel } from './setup/kernel.mjs';
import { withLock } from './setup/lock.mjs';
import { npmPackages, repositoryNode } from './setup/npm-packages.mjs';
import { otherRuntimes } from './setup/other-runtimes.mjs';
import { passOn } from './setup/pass-on.mjs';
import { perform, SetupError } from './setup/step.mjs';
import { testUser } from './setup/test-user.mjs';
import { upstreamClients } from './setup/upstream-clients.mjs';

const root = join(fileURLToPath(import.meta.url), '..', '..');

async function main(argv) {
  const separator = argv.indexOf('--');
  const command = separator < 0 ? [] : argv.slice(separator + 1);
  const forTests = argv.includes('--for-tests') || /(^|\/)(test|check)\.ts$/.test(command[0] ?? '');
  if (process.platform !== 'linux') {
    throw new SetupError(`boxes need Linux and this is ${process.platform}; run this in a Linux virtual machine`);
  }
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(
      `set-up needs Node 20 or newer and this is ${process.version}; see https://nodejs.org/download`,
    );
  }
  const steps = [
    npmPackages,
    hostPackages({ forTests }),
    guestProgram,
    baseImage,
    dashboard,
    ...(forTests ? [testImages, testKernel, upstreamClients, otherRuntimes, testUser] : []),
  ];
  if (steps.some((step) => !step.done(root))) {
    await withLock(root, async () => {
      for (const step of steps) await perform(step, root);
    });
  }
  if (command.length === 0) return 0;
  const [script, ...args] = command;
  if (!existsSync(join(root, script))) throw new SetupError(`no such script: ${script} (looked in ${root})`);
  return await passOn(repositoryNode(root), [join(root, script), ...args], root);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`Error: ${error.message}\n`);
  process.exitCode = 1;
}
