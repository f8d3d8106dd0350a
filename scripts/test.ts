// Runs every test; further arguments go to vitest. The last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { describeProcess, processesWith } from './stalled.ts';

/** Longer than any test file takes on a slow machine: without a word of vitest for so long, the run stands still, such as for a pipe that an orphan holds. */
const stalledMs = 300_000;

/** Passed and failed tests of what the progress reporter wrote; a file that did not end counts as one that failed. */
export function countTests(progress: string): {
  readonly passed: number;
  readonly failed: number;
  readonly unfinished: readonly string[];
} {
  const unfinished = new Set<string>();
  let passed = 0;
  let failed = 0;
  for (const line of progress.split('\n').filter((each) => each !== '')) {
    const event = JSON.parse(line) as { readonly file: string; readonly passed?: number; readonly failed?: number };
    if (event.passed === undefined) unfinished.add(event.file);
    else unfinished.delete(event.file);
    passed += event.passed ?? 0;
    failed += event.failed ?? 0;
  }
  return { passed, failed: failed + unfinished.size, unfinished: [...unfinished] };
}

async function run(args: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-test-'));
  // A short name: home directories of tests lie in it, and addresses of sockets in those.
  const temporary = await mkdtemp(join(tmpdir(), 'bt-'));
  try {
    const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'progress-reporter.ts')}`];
    const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
    const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
      stdio: ['inherit', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...color,
        TMPDIR: temporary,
        BOXLITE_TEST_PROGRESS: folder,
        // Hundreds of processes read the same sources.
        NODE_COMPILE_CACHE: join(folder, 'compiled'),
      },
    });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    const stalled = setTimeout(async () => {
      process.stdout.write(`nothing was heard of the tests for ${stalledMs / 1000} s; they are ended:\n`);
      for (const pid of await processesWith(`BOXLITE_TEST_PROGRESS=${folder}`)) {
        process.stdout.write(`  ${await describeProcess(pid)}\n`);
        kill(pid);
      }
    }, stalledMs);
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        stalled.refresh();
        to.write(bytes);
      });
    }
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      // Not `close`: what a broken test left behind may hold the pipes.
      child.once('exit', (exit, signal) => resolve(exit ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
    clearTimeout(stalled);
    child.stdout.destroy();
    child.stderr.destroy();
    const { passed, failed, unfinished } = countTests(await readFile(join(folder, 'progress'), 'utf8').catch(() => ''));
    for (const file of unfinished) process.stdout.write(`did not end: ${file}\n`);
    const left = (await endProcesses(`BOXLITE_TEST_PROGRESS=${folder}`)) + (await clearHomes(temporary));
    process.stdout.write(`${left}${passed} passed, ${failed + (left === '' ? 0 : 1)} failed\n`);
    return code === 0 && (failed > 0 || passed === 0 || left !== '') ? 1 : code;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Ends what the tests left running, and says a line of each. */
async function endProcesses(variable: string): Promise<string> {
  let left = await processesWith(variable);
  // What was told to end may still be at it.
  for (const end = Date.now() + 3000; left.length > 0 && Date.now() < end; left = await processesWith(variable))
    await delay(50);
  const lines = await Promise.all(left.map(async (pid) => `left behind: process ${await describeProcess(pid)}\n`));
  for (const pid of left) kill(pid);
  return lines.join('');
}

/** Removes what the tests left in home directories; a line each. */
async function clearHomes(folder: string): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'left-behind.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return await text(child.stdout);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

if (import.meta.main) process.exitCode = await run(process.argv.slice(2));
