import { execResponse, startExecution } from '@boxlite/api/executions';
import { query, raw } from '@boxlite/rest';
import type { BoxBackend } from '../backend/backend.ts';
import { NetworkError } from '../errors.ts';
import { latePart } from '../late-part.ts';
import { answered } from './answered.ts';
import type { Connection } from './connection.ts';
import { restExecution } from './execution.ts';
import { execRequest } from './execution-wire.ts';
import { lateRest } from './late-rest.ts';

/** The commands of a box on a server. */
export function restCommands(
  connection: Connection,
  box: string,
): Pick<BoxBackend, 'exec' | 'run' | 'executions' | 'execution' | 'main'> {
  return {
    async exec(options, call) {
      const startedAt = new Date();
      const endpoint = startExecution({ box, body: execRequest(options) });
      const { execution_id } = await connection.send(query(endpoint, execResponse), call);
      return restExecution(connection, box, execution_id, startedAt);
    },
    async run(options, call) {
      const startedAt = new Date();
      const asked = { output: true, bytes: true, closeStdin: true };
      const endpoint = startExecution({ box, body: execRequest(options), ...asked });
      const response = await connection.send(raw(endpoint), call);
      const { headers } = response;
      if (headers.get('content-type')?.startsWith('text/event-stream')) {
        const id = /\/executions\/([\w-]+)$/.exec(headers.get('location') ?? '')?.[1];
        if (id !== undefined) return restExecution(connection, box, id, startedAt, response);
        await response.body?.cancel();
        throw new NetworkError('the server answered with output, but its Location names no execution');
      }
      const named = query(endpoint, execResponse);
      const { execution_id } = await connection.send({ send: (client) => named.send(answered(client, response)) });
      return restExecution(connection, box, execution_id, startedAt);
    },
    ...latePart(async () => (await lateRest()).restExecutions(connection, box), 'executions', 'main'),
    async execution(executionId, call) {
      const execution = restExecution(connection, box, executionId, new Date());
      const { startedAt } = await execution.info(call);
      return restExecution(connection, box, executionId, startedAt);
    },
  };
}
