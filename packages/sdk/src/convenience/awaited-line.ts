import { ExecutionError, TimeoutError } from '../errors.ts';
import type { Execution } from '../execution.ts';

// What a program says before the line, at most; it may say what it likes.
const mostText = 64 * 1024;

/** How long to wait for a line, and what for, in words. */
export interface AwaitLineOptions {
  readonly program: string;
  readonly timeoutMs: number;
}

/**
 * Waits until a program that goes on running writes what matches `pattern`, on stdout or stderr. `ExecutionError` with
 * what it said when it ends before, `TimeoutError` after `timeoutMs`; it is killed then.
 */
export async function awaitLine(
  execution: Execution,
  pattern: RegExp,
  { program, timeoutMs }: AwaitLineOptions,
): Promise<RegExpExecArray> {
  const late = AbortSignal.timeout(timeoutMs);
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const said = { stdout: '', stderr: '' };
  try {
    for await (const { stream, data } of execution.output({ signal: late })) {
      said[stream] = (said[stream] + decoders[stream].decode(data, { stream: true })).slice(-mostText);
      const found = pattern.exec(said[stream]);
      if (found) return found;
    }
    const { exitCode } = await execution.wait();
    throw new ExecutionError(`${program} ended with exit code ${exitCode}: ${lastWords(said)}`);
  } catch (error) {
    await execution.kill().catch(() => undefined);
    if (!late.aborted) throw error;
    throw new TimeoutError(`${program} was not ready after ${timeoutMs} ms: ${lastWords(said)}`, { cause: error });
  }
}

function lastWords({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  return (stderr.trim() || stdout.trim() || 'it said nothing').slice(-2000);
}
