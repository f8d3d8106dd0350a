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
): Promise<ExecutionBackend> {
  const startedAt = new Date();
  const key = randomUuid();
  const asked = { box, body: execRequest(options), closeStdin: true };
  const named = query(idempotent(startExecution(asked), key), execResponse);
  const started = (id: string, response?: Response): ExecutionBackend =>
    restExecution(connection, box, id, startedAt, response);
  const askAgain = async (): Promise<string> => (await lateRest()).askAgain(connection, named);
  const withOutput = raw(idempotent(startExecution({ ...asked, output: true, bytes: true }), key));
  let response: Response;
  try {
    response = await connection.send(withOutput, { signal });
  } catch (error) {
    // It may have started, where something on the way holds the answer back.
    if (signal?.aborted)
      askAgain()
        .then((id) => started(id).signal(9))
        .catch(() => {});
    throw error;
  }
  if (!isEventStream(response)) {
    const { execution_id } = await connection.send({ send: (client) => named.send(answered(client, response)) });
    return started(execution_id);
  }
  const leave = (): void => void response.body?.cancel().catch(() => {});
  // Once it is read, its reader sees to that.
  signal?.addEventListener('abort', leave);
  const id = /\/executions\/([\w-]+)$/.exec(response.headers.get('location') ?? '')?.[1];
  if (id !== undefined) return started(id, response);
  leave();
  return started(await askAgain());
}
