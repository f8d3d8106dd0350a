import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ThreadAnswer, ThreadRequest } from './extractor.ts';

/** What unpacks layers beside this event loop. */
export interface Unpacker {
  post(request: ThreadRequest): void;
  /** While it works, it keeps this process alive. */
  ref(): void;
  unref(): void;
  end(): Promise<void>;
}

/** What an unpacker tells. */
export interface UnpackerListener {
  readonly answer: (answer: ThreadAnswer) => void;
  readonly gone: (why: string) => void;
}

export type StartUnpacker = (listener: UnpackerListener) => Unpacker;

const program = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './extract-thread.ts' : './extract-thread.js', import.meta.url),
);

/** A thread of this process, which can give files away when it is root. */
export function startThread({ answer, gone }: UnpackerListener): Unpacker {
  // Not this process's own flags: some, such as --input-type, no thread takes.
  const worker = new Worker(program, { execArgv: [] });
  worker.on('message', answer);
  worker.on('error', (error) => gone(String(error)));
  worker.on('exit', (code) => gone(`exit ${code}`));
  return {
    post: (request) => worker.postMessage(request),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    end: async () => void (await worker.terminate()),
  };
}

/** A process of its own, where `inside` says that it can give files away. */
export function processStarter(inside: (argv: readonly [string, ...string[]]) => readonly string[]): StartUnpacker {
  return ({ answer, gone }) => {
    const [command = '', ...args] = inside([process.execPath, program]);
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: process.env });
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    child.on('message', (message) => answer(message as ThreadAnswer));
    child.on('error', (error) => gone(String(error)));
    child.on('exit', (code) => gone(`exit ${code}`));
    return {
      post: (request) => child.send(request),
      ref() {
        child.ref();
        child.channel?.ref();
      },
      unref() {
        child.unref();
        child.channel?.unref();
      },
      async end() {
        child.ref();
        child.kill('SIGKILL');
        await exited;
      },
    };
  };
}
