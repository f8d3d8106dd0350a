import { execResponse, startExecution } from '@boxlite/api/executions';
import { idempotent, isEventStream, query, raw } from '@boxlite/rest';
import type { CallOptions, ExecutionBackend } from '../backend/backend.ts';
import type { ExecOptions } from '../backend/box-options.ts';
import { randomUuid } from '../random-uuid.ts';
import { answered } from './answered.ts';
import type { Connection } from './connection.ts';
import { restExecution } from './execution.ts';
import { execRequest } from './execution-wire.ts';
import { lateRest } from './late-rest.ts';

/**
 * A command without input as one request: the answer that starts it has its output. A server that knows nothing of that
 * answers with the id of what it started.
 */
export async function runOnServer(
  connection: Connection,
  box: string,
  options: ExecOptions,
  { signal }: CallOptions = {},
  left?: AbortSignal,
): Promise<ExecutionBackend> {
  left?.throwIfAborted();
  const startedAt = new Date();
  const key = randomUuid();
  const asked = { box, body: execRequest(options), closeStdin: true };
  const named = query(idempotent(startExecution(asked), key), execResponse);
  const started = (id: string, response?: Response): ExecutionBackend =>
    restExecution(connection, box, id, startedAt, response);
  // It may have started, where something on the way holds the answer back, or loses it.
  const kill = async (failure?: unknown): Promise<void> => {
    const id = await (await lateRest()).askLost(connection, named, failure);
    await (id && started(id).signal(9));
  };
  const lost = (failure?: unknown): void => void kill(failure).catch(() => {});
  const leave = (): void => lost();
  left?.addEventListener('abort', leave);
  let response: Response;
  try {
    const withOutput = raw(idempotent(startExecution({ ...asked, output: true, bytes: true }), key));
    response = await connection.send(withOutput, { signal });
  } catch (error) {
    lost(error);
    throw error;
  } finally {
    left?.removeEventListener('abort', leave);
  }
  const id = /\/executions\/([\w-]+)$/.exec(response.headers.get('location') ?? '')?.[1];
  const { body } = response;
  if (body === null || !isEventStream(response)) {
    try {
      const told = await connection.send({ send: (client) => named.send(answered(client, response)) });
      return started(told.execution_id);
    } catch (error) {
      if (id === undefined) throw error;
      return started(id);
    }
  }
  const drop = (): void => void body.cancel().catch(() => {});
  // Once it is read, its reader sees to that.
  signal?.addEventListener('abort', drop);
  if (id !== undefined) return started(id, response);
  drop();
  return started(await (await lateRest()).askAgain(connection, named));
}
