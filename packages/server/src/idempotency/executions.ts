import {
  type BoxBackend,
  type ExecOptions,
  type ExecutionBackend,
  ExecutionLostError,
  InvalidStateError,
  NotFoundError,
} from 'boxlite/backend';
import type { RestCall } from '../routes/route.ts';
import { boxToWire } from '../wire/box.ts';

const sigkill = 9;

/** Starts a command, unless an earlier try of this request has started it; gives its id. */
export async function startOnce(call: RestCall, box: BoxBackend, options: ExecOptions): Promise<string> {
  const { attempt, request } = call;
  // A client that leaves before the answer never learns the id: nobody would end the command.
  if (!attempt) return (await box.exec(options, { signal: request.signal })).id;
  const { former } = attempt;
  if (former?.id !== undefined) {
    if (await hasExecution(box, former.id)) return former.id;
    const { started_at, status } = boxToWire(box.snapshot);
    // The guest of the same run knows what it was told to start; one that is gone cannot be asked.
    if (status !== 'running' || started_at !== former.box?.started_at) {
      throw new ExecutionLostError('the server and the box ended while the command was started; it may have run');
    }
  }
  const onId = (id: string): void => attempt.note({ id, box: boxToWire(box.snapshot) });
  const { id } = await box.exec(options, { onId });
  attempt.undoIfAbandoned();
  return id;
}

/** Whether a box has an execution of that id. */
export async function hasExecution(box: BoxBackend, id: string): Promise<boolean> {
  try {
    await box.execution(id);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

/** How many bytes of this request's input an earlier try has written already. */
export function takenEarlier({ attempt }: RestCall, execution: ExecutionBackend): number {
  const offset = execution.stdinOffset();
  if (!attempt || offset === undefined) return 0;
  const begun = attempt.former?.stdinOffset ?? offset;
  if (!attempt.former) attempt.note({ stdinOffset: begun });
  return Math.max(0, offset - begun);
}

/** Sends a signal, but not again when an earlier try may have: only SIGKILL twice is the same as once. */
export async function signalOnce({ attempt }: RestCall, execution: ExecutionBackend, signal: number): Promise<void> {
  if (attempt?.former && signal !== sigkill) {
    throw new InvalidStateError(
      'the server ended while it sent the signal; send it with a new key if it must be again',
    );
  }
  try {
    attempt?.note({ id: execution.id });
    await execution.signal(signal);
  } catch (error) {
    if (!(attempt?.former && error instanceof InvalidStateError)) throw error;
  }
}
