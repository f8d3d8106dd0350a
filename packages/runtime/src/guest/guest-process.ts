import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../../../../guest', import.meta.url));
let built: string | undefined;

/** The guest program, built where need be; `$BOXLITE_GUEST_BINARY` names another. For tests. */
export function guestBinary(): string {
  const given = process.env['BOXLITE_GUEST_BINARY'];
  if (given) return given;
  // One at a time: test files that run at once would write into each other's objects.
  if (!built) execFileSync('flock', [sources, 'make', '-s', '-C', sources]);
  built = join(sources, 'build/boxlite-guest');
  return built;
}

/** A guest that is process 1 of a process namespace of its own, on this machine's files. For tests, as root. */
export interface GuestProcess extends AsyncDisposable {
  readonly folder: string;
  readonly socketPath: string;
  readonly process: ChildProcess;
  /** The exit code once it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts one; its arguments follow `--listen PATH`. */
export function startGuestProcess(...args: readonly string[]): GuestProcess {
  const binary = guestBinary();
  const folder = mkdtempSync(join(tmpdir(), 'boxlite-guest-'));
  const socketPath = join(folder, 'guest.sock');
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--fork', '--pid', '--mount-proc', '--kill-child'],
      ...[binary, 'guest', '--listen', socketPath, ...args],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // Passed on, not inherited: one that outlived a test would hold the pipe whose end the test runner waits for.
  child.stderr.pipe(process.stderr, { end: false });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    folder,
    socketPath,
    process: child,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
