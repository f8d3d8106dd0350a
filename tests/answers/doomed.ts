import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { observed } from '../../packages/server/src/testing/answers/observed.ts';

/** A server of its own process, which kills itself where it is told to: see doomed-server.ts. */
export interface Doomed extends AsyncDisposable {
  readonly url: string;
  arm(point: string): Promise<void>;
}

/** Starts one in a home directory. */
export async function doomedServer(home: string, key: string): Promise<Doomed> {
  const program = join(import.meta.dirname, '../survival/doomed-server.ts');
  const child = spawn(process.execPath, [...observed, program, home, '0', key], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  const exit = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value: port } = await lines.next();
  return {
    url: `http://127.0.0.1:${port}`,
    async arm(point) {
      child.stdin.write(`${point}\n`);
      await lines.next();
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exit;
    },
  };
}
