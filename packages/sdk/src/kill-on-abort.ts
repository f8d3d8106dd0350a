import type { ExecutionBackend } from './backend/backend.ts';

/** Kills a command when the signal aborts; call the result once the command has ended, and the signal lets go of it. */
export function killOnAbort(execution: ExecutionBackend, signal: AbortSignal | undefined): () => void {
  const kill = (): void => {
    execution.signal(9).catch(() => undefined);
  };
  if (signal?.aborted) kill();
  else signal?.addEventListener('abort', kill, { once: true });
  return () => signal?.removeEventListener('abort', kill);
}
