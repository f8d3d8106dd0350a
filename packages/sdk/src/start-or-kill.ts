import type { CallOptions, ExecutionBackend } from './backend/backend.ts';
import type { ExecOptions } from './backend/box-options.ts';

const patienceMs = 10_000;

/** How a backend starts a command; `left` aborts when nobody waits for it any more. */
export type Start = (options: ExecOptions, call?: CallOptions, left?: AbortSignal) => Promise<ExecutionBackend>;

/**
 * Starts a command. An abort rejects at once with its reason; a command that starts all the same is killed, for which
 * its id is needed: so the call goes on by itself for up to 10 s.
 */
export async function startOrKill(
  start: Start,
  options: ExecOptions,
  signal: AbortSignal | undefined,
): Promise<ExecutionBackend> {
  if (signal === undefined) return start(options);
  signal.throwIfAborted();
  const call = new AbortController();
  const starting = start(options, { signal: call.signal }, signal);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason);
    const patience = setTimeout(() => call.abort(signal.reason), patienceMs);
    starting
      .then((execution) => execution.signal(9))
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(patience);
        // An answer that has the output is read by nobody.
        call.abort(signal.reason);
      });
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([starting, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
