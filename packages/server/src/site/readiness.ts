import { EngineError, type RuntimeBackend, StoppedError } from 'boxlite/backend';

const freshMs = 1000;
const patienceMs = 5000;

/** Whether a server can serve: rejects with what is in the way. */
export type Readiness = () => Promise<void>;

/**
 * Asks the backend at most once a second, however many ask: it writes to its store for the answer. Not ready while the
 * server drains, nor when the backend takes more than 5 s.
 */
export function readiness(
  backend: Pick<RuntimeBackend, 'check'>,
  draining: AbortSignal,
  nowMs: () => number = Date.now,
): Readiness {
  let asked: { readonly atMs: number; readonly answer: Promise<void> } | undefined;
  return async () => {
    if (draining.aborted) throw new StoppedError('the server is shutting down');
    const now = nowMs();
    // Also when the clock was set back.
    if (!asked || Math.abs(now - asked.atMs) >= freshMs) {
      asked = { atMs: now, answer: inTime(backend.check()) };
      asked.answer.catch(() => {});
    }
    await asked.answer;
  };
}

async function inTime(checked: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new EngineError(`the backend did not answer within ${patienceMs / 1000} s`));
    timer = setTimeout(fail, patienceMs);
  });
  await Promise.race([checked, late]).finally(() => clearTimeout(timer));
}
