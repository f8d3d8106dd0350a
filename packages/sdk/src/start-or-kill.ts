import type { BoxBackend, ExecutionBackend } from './backend/backend.ts';
import type { ExecOptions } from './backend/box-options.ts';

const patienceMs = 10_000;

/**
 * Starts a command. An abort rejects at once with its reason; a command that starts all the same is killed, for which
 * its id is needed: so the call goes on by itself for up to 10 s.
 */
export async function startOrKill(
  box: BoxBackend,
  options: ExecOptions,
  signal: AbortSignal | undefined,
): Promise<ExecutionBackend> {
  if (signal === undefined) return box.exec(options);
  signal.throwIfAborted();
  const call = new AbortController();
  const starting = box.exec(options, { signal: call.signal });
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason);
    const patience = setTimeout(() => call.abort(signal.reason), patienceMs);
    starting
      .then((execution) => execution.signal(9))
      .catch(() => undefined)
      .finally(() => clearTimeout(patience));
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([starting, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
