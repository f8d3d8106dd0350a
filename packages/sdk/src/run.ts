import type { CallOptions, ExecutionBackend } from './backend/backend.ts';
import { type ExecutionResult, executionResult } from './execution.ts';
import { feedStdin } from './feed-stdin.ts';
import type { StdinSource } from './start-execution.ts';

/** A command's result with its output as UTF-8 text. */
export interface RunResult extends ExecutionResult {
  /** All of it, as UTF-8. */
  readonly stdout: string;
  /** All of it, as UTF-8; empty on a terminal. */
  readonly stderr: string;
}

/** Feeds a started command, collects all of its output, and waits for it. */
export async function collect(
  backend: ExecutionBackend,
  stdin: StdinSource | undefined,
  call: CallOptions,
): Promise<RunResult> {
  const failed = new AbortController();
  const signal = call.signal === undefined ? failed.signal : AbortSignal.any([failed.signal, call.signal]);
  // Fed while the output is read: a command may not take its input before its output is taken.
  const fed = feedStdin(backend, stdin).catch((error: unknown) => failed.abort(error));
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const collected = { stdout: '', stderr: '' };
  for await (const { stream, data } of backend.output({ signal })) {
    collected[stream] += decoders[stream].decode(data, { stream: true });
  }
  const result = executionResult(await backend.wait({ signal }));
  // An endless source may never be done; the command is, and that is what counts.
  void fed;
  return {
    ...result,
    stdout: collected.stdout + decoders.stdout.decode(),
    stderr: collected.stderr + decoders.stderr.decode(),
  };
}
