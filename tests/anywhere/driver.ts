import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A browser that shows pages. */
export interface Driver extends AsyncDisposable {
  /** Opens a page and gives what its `outcome` resolves with: a text. */
  outcomeOf(url: string): Promise<string>;
}

/** A program that this process started. */
export interface Program extends AsyncDisposable {
  /** The first match in what it prints to that stream. */
  says(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
}

/** Starts a program with more in its environment; disposing of it ends it and waits. */
export function startProgram(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child: ChildProcess & { readonly stdout: Readable; readonly stderr: Readable } = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const waiting = new Set<() => void>();
  const hear = (): void => {
    for (const look of waiting) look();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface(child[name]).on('line', (line) => {
      said.push(`${name}: ${line}`);
      hear();
    });
  }
  let ended = false;
  const exit = once(child, 'exit').then(() => {
    ended = true;
    hear();
  });
  return {
    says: (stream, pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = said
            .filter((line) => line.startsWith(`${stream}: `))
            .map((line) => pattern.exec(line))
            .find((found) => found !== null);
          if (!match && !ended) return;
          waiting.delete(look);
          if (match) resolve(match[1] ?? match[0]);
          else reject(new Error(`${file} ended without saying ${pattern}:\n${said.join('\n')}`));
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill('SIGTERM');
      await exit;
    },
  };
}
