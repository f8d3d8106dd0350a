import type { GuestChannel, GuestExec, GuestExit } from './channel.ts';

/** What a command gave back. For tests. */
export interface GuestResult extends GuestExit {
  readonly pid: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A command in its simplest form. For tests. */
export const plainExec: GuestExec = {
  tag: '',
  argv: ['true'],
  env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' },
  cwd: '/',
  user: '',
  tty: false,
  builtin: false,
  size: { cols: 80, rows: 24 },
  timeoutMs: 0,
};

let last = 0;

/** An execution number that was never used. For tests. */
export function nextExecution(): number {
  last += 1;
  return last;
}

export interface RunGuestCommandOptions extends Partial<GuestExec> {
  /** Written to stdin, which is closed after it. */
  readonly input?: Uint8Array;
  readonly onStarted?: (execution: number, pid: number) => void;
  readonly onData?: (stream: 'stdout' | 'stderr', offset: number, bytes: Uint8Array) => void | Promise<void>;
}

/** Runs a command to its end and collects its output, unless `onData` takes it. For tests. */
export function runGuestCommand(
  channel: GuestChannel,
  argv: readonly string[],
  options: RunGuestCommandOptions = {},
): Promise<GuestResult> {
  const { input, onStarted, onData, ...exec } = options;
  const execution = nextExecution();
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  return new Promise((resolve, reject) => {
    let pid = 0;
    const started = channel.exec(
      execution,
      { ...plainExec, argv, ...exec },
      {
        data(stream, offset, bytes) {
          if (onData) return onData(stream, offset, bytes);
          parts[stream].push(Buffer.from(bytes));
          return undefined;
        },
        exit: (exit) =>
          resolve({ ...exit, pid, stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) }),
        broken: reject,
      },
    );
    started.then((it) => {
      pid = it.pid;
      onStarted?.(execution, pid);
      if (input) {
        channel.write(execution, input).catch(() => {});
        channel.closeStdin(execution);
      }
    }, reject);
  });
}
