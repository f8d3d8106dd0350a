import { join } from 'node:path';
import process from 'node:process';
import { type MachineOptions, runInMachine } from './machine.ts';

const repository = join(import.meta.dirname, '../..');

/** Runs vitest in the machine, one file after the other, with time for a translated processor; its exit code. */
export function testInMachine(args: readonly string[], options: Omit<MachineOptions, 'argv' | 'cwd'>): Promise<number> {
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
  const slowly = ['--no-file-parallelism', '--testTimeout=300000', '--hookTimeout=300000'];
  return runInMachine({
    argv: [process.execPath, vitest, 'run', ...slowly, ...args],
    cwd: repository,
    ...options,
  });
}
