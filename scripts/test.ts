// Runs every test; further arguments go to vitest. The last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** Passed and failed tests; a file that failed without a failed test of its own (it did not load) counts as one. */
export function countTests(report: TestReport): { readonly passed: number; readonly failed: number } {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

async function run(args: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-test-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], { stdio: 'inherit' });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (exit, signal) => resolve(exit ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
    const text = await readFile(file, 'utf8').catch(() => '{"numPassedTests":0,"numFailedTests":0,"testResults":[]}');
    const { passed, failed } = countTests(JSON.parse(text) as TestReport);
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return code === 0 && (failed > 0 || passed === 0) ? 1 : code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) process.exitCode = await run(process.argv.slice(2));
