import { execResponse, startExecution } from '@boxlite/api/executions';
import { query } from '@boxlite/rest';
import type { BoxBackend } from '../backend/backend.ts';
import { latePart } from '../late-part.ts';
import type { Connection } from './connection.ts';
import { restExecution } from './execution.ts';
import { execRequest } from './execution-wire.ts';
import { lateRest } from './late-rest.ts';
import { runOnServer } from './run.ts';

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
    run: (...run) => runOnServer(connection, box, ...run),
    ...latePart(async () => (await lateRest()).restExecutions(connection, box), 'executions', 'main'),
    async execution(executionId, call) {
      const execution = restExecution(connection, box, executionId, new Date());
      const { startedAt } = await execution.info(call);
      return restExecution(connection, box, executionId, startedAt);
    },
  };
}
