/// <reference types="node" />
import type { Readable, Writable } from 'node:stream';
import { BoxliteError, StorageError, UnsupportedError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { signalNumbers } from '../signal-number.ts';
import { insistence } from './insistence.ts';

/** What a command is joined to: this process's streams, or any others. */
export interface Attachment {
  /** Read to its end and fed to the command; without it the command's stdin is closed at once. */
  readonly stdin?: Readable | undefined;
  /** Takes what the command writes. */
  readonly stdout: Writable;
  /** Takes what the command writes to stderr. */
  readonly stderr: Writable;
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
const brokenPipeExit = 128 + signalNumbers.SIGPIPE;

/** This process; `UnsupportedError` where there is none, as in a browser. */
export function hostProcess(): NodeJS.Process {
  const { process } = globalThis as { process?: NodeJS.Process };
  if (process?.stdout === undefined) throw new UnsupportedError('attaching a terminal needs Node, Deno or Bun');
  return process;
}

/**
 * Joins an execution to this process until it ends: bytes as they are, signals passed on. Resolves with the exit code.
 * A third signal within five seconds, to a command that does not end by them, kills it and leaves with 128 and that signal's number.
 */
export async function attach(execution: Execution, { stdin, stdout, stderr }: Attachment): Promise<number> {
  const process = hostProcess();
  const reading = new AbortController();
  const insists = insistence();
  let exitCode = brokenPipeExit;
  let unfed: unknown;
  const pass = (signal: (typeof forwarded)[number]): void => {
    if (!insists()) return void ignoreEnd(execution.signal(signal));
    exitCode = 128 + signalNumbers[signal];
    reading.abort(new Error('three signals did not end the command'));
  };
  // Nobody takes the output any more, so nobody needs the command either: what a pipe's writer gets from a shell.
  const lost = (): void => reading.abort(brokenPipe);
  const release = (): void => {
    for (const signal of forwarded) process.off(signal, pass);
  };
  for (const signal of forwarded) process.on(signal, pass);
  for (const stream of [stdout, stderr]) stream.on('error', lost);
  try {
    void feed(execution, stdin).catch((error: unknown) => {
      unfed = error;
      reading.abort(error);
    });
    for await (const { stream, data } of execution.output({ signal: reading.signal })) {
      const target = stream === 'stdout' ? stdout : stderr;
      // The bytes may be a view of a buffer that the next piece reuses.
      if (!target.write(data.slice())) await drained(target, reading.signal);
    }
    return (await execution.wait({ signal: reading.signal })).exitCode;
  } catch (error) {
    if (!reading.signal.aborted) throw error;
    // From here on a signal does what signals do.
    release();
    await execution.kill();
    if (unfed !== undefined) throw unfed;
    return exitCode;
  } finally {
    release();
    for (const stream of [stdout, stderr]) stream.off('error', lost);
    stdin?.destroy();
  }
}

const brokenPipe = new Error('the reader of the output went away');

function drained(target: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const broken = (): void => {
      target.off('drain', ready);
      reject(signal.reason);
    };
    const ready = (): void => {
      signal.removeEventListener('abort', broken);
      resolve();
    };
    target.once('drain', ready);
    signal.addEventListener('abort', broken, { once: true });
    if (signal.aborted) broken();
  });
}

/** Feeds all of the source; half of it must never look like its end. `StorageError` where it cannot be read. */
async function feed(execution: Execution, source: Readable | undefined): Promise<void> {
  const writer = execution.stdin.getWriter();
  try {
    if (source) for await (const bytes of source) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    const errored: NodeJS.ErrnoException | null | undefined = source?.errored;
    // Else the command has ended, or does not read: its exit says what there is to say.
    if (!errored || !/^E[A-Z0-9]+$/.test(errored.code ?? '')) return;
    // A terminal that was closed has come to its end.
    if (source && 'isTTY' in source) return void (await writer.close().catch(() => {}));
    throw new StorageError(`stdin cannot be read: ${errored.message}`, { cause: error });
  }
}

/** A signal that comes after the end of the command hits nobody, as between processes. */
async function ignoreEnd(sent: Promise<void>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
  }
}
