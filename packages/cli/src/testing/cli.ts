import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { observed } from '../../../server/src/testing/answers/observed.ts';

/** The program that users start. */
export const bin: string = join(import.meta.dirname, '../../bin/boxlite.mjs');

/** How a run of the real command ended. */
interface CliResult {
  /** 128 + N is the command's own; a death by signal shows as null. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** The real `boxlite`, on a home directory of its own. */
export interface Cli extends AsyncDisposable {
  readonly homeDir: string;
  /** Runs it to its end; `stdin` is fed and closed. */
  run(
    args: readonly string[],
    options?: { readonly stdin?: string | Buffer; readonly env?: NodeJS.ProcessEnv },
  ): Promise<CliResult>;
  start(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams;
}

/** Makes a home directory and a `boxlite` that uses it; disposing removes every box and the directory. */
export async function cliInNewHome(): Promise<Cli> {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-cli-'));
  const start: Cli['start'] = (args, env = {}) =>
    spawn(process.execPath, [...(args[0] === 'serve' ? observed : []), bin, ...args], {
      env: { ...process.env, BOXLITE_HOME: homeDir, ...env },
    });
  const run: Cli['run'] = async (args, { stdin = '', env } = {}) => {
    const child = start(args, env);
    child.stdin.on('error', () => undefined).end(stdin);
    const [stdout, stderr, code] = await Promise.all([all(child.stdout), all(child.stderr), exitCode(child)]);
    return { code, stdout, stderr: stderr.toString() };
  };
  return {
    homeDir,
    run,
    start,
    async [Symbol.asyncDispose]() {
      await run(['rm', '--all', '--force']);
      await rm(homeDir, { recursive: true });
    },
  };
}

/** The exit code of a process, whether or not it has ended already; null after a signal. */
export function exitCode(child: ChildProcess): Promise<number | null> {
  // It may have ended while what it said was read.
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
}

/** What streams have said after what they were last waited for: it came in one piece with that. */
const unheard = new WeakMap<Readable, string>();

/** Waits until what a stream has said since the last match matches; the match. */
export async function said(stream: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  let text = unheard.get(stream) ?? '';
  const heard = (): RegExpExecArray | null => {
    const match = pattern.exec(text);
    if (match) unheard.set(stream, text.slice(match.index + match[0].length));
    return match;
  };
  const early = heard();
  if (early) return early;
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    text += String(piece);
    const match = heard();
    if (match) return match;
  }
  throw new Error(`the stream ended before ${pattern} came: ${text}`);
}

async function all(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}
