import { spawn } from 'node:child_process';
import process from 'node:process';

/** A reason why set-up cannot go on, written for the person who reads it. */
export class SetupError extends Error {}

/**
 * Does a step unless it is done, and says so in one line with its time.
 * @param {{ name: string, done(root: string): boolean, run(root: string): Promise<void> }} step
 * @param {string} root
 */
export async function perform(step, root) {
  if (step.done(root)) return;
  const from = performance.now();
  process.stderr.write(`setup  ${step.name} …\n`);
  await step.run(root);
  process.stderr.write(`setup  ${step.name} done in ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
}

/**
 * Runs a program quietly; its output is shown only when it fails.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<void>}
 */
export async function quietly(file, args, options = {}) {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const command = [file, ...args].join(' ');
  await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new SetupError(`could not run \`${command}\`: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(undefined);
      process.stderr.write(Buffer.concat(output));
      reject(new SetupError(`\`${command}\` failed (${signal ?? `exit code ${code}`}); its output is above`));
    });
  });
}
