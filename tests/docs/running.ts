import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { mark } from './hook.ts';

/** A program of a page that is under way. */
export interface Running {
  /** What the next block prints. After the last one the program must end by itself, with exit code 0. */
  next(last: boolean): Promise<string>;
  end(): Promise<void>;
}

/** Starts the program in a file, which ends with this process. */
export function start(file: string, cwd: string, env: NodeJS.ProcessEnv): Running {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, file], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (!child.stdout || !child.stderr) throw new Error('setpriv did not start');
  const ended = once(child, 'exit');
  const stderr = text(child.stderr);
  const pieces = piecesOf(child.stdout);
  let begun = false;
  return {
    async next(last) {
      if (begun && !child.connected) throw new Error('the program that this goes on from has ended in a block before');
      if (begun) child.send('go on');
      begun = true;
      const printed = await pieces.next();
      if (!printed.done && !printed.value.ended) throw new Error(`${printed.value.text}${await stderr}`);
      const [exit, signal] = last ? await ended : [0];
      if (printed.done || exit !== 0)
        throw new Error(`exit code ${exit ?? signal}\n${printed.value?.text ?? ''}${await stderr}`);
      return printed.value.text;
    },
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

interface Piece {
  readonly text: string;
  /** Whether the block came to its end. */
  readonly ended: boolean;
}

/** The output of one block after the other. */
async function* piecesOf(stdout: Readable): AsyncGenerator<Piece, undefined> {
  let rest = '';
  for await (const bytes of stdout) {
    rest += bytes;
    const all = rest.split(mark);
    rest = all.pop() ?? '';
    for (const piece of all) yield { text: piece, ended: true };
  }
  yield { text: rest, ended: false };
}
