import { execResponse, listExecutions, listExecutionsResponse, startExecution } from '@boxlite/api/executions';
import { query } from '@boxlite/rest';
import type { BoxBackend } from '../backend/backend.ts';
import type { ExecutionInfo } from '../backend/info.ts';
import { UnsupportedError } from '../errors.ts';
import { type Page, pages } from '../pages.ts';
import type { Connection } from './connection.ts';
import { restExecution } from './execution.ts';
import { execRequest, executionInfo } from './execution-wire.ts';

/** The commands of a box on a server. */
export function restCommands(
  connection: Connection,
  box: string,
): Pick<BoxBackend, 'exec' | 'executions' | 'execution'> {
  return {
    async exec(options, call) {
      const startedAt = new Date();
      const endpoint = startExecution({ box, body: execRequest(options) });
      const { execution_id } = await connection.send(query(endpoint, execResponse), call);
      return restExecution(connection, box, execution_id, startedAt);
    },
    async executions(call) {
      if (!(await connection.can('execution_list_enabled', call)))
        throw new UnsupportedError('this server cannot list executions; keep the ids that exec gives');
      const found: ExecutionInfo[] = [];
      const ask = async (pageToken: string | undefined): Promise<Page<ExecutionInfo>> => {
        const asked = query(listExecutions({ box, pageSize: 1000, pageToken }), listExecutionsResponse);
        const page = await connection.send(asked, call);
        return { items: page.executions.map(executionInfo), next: page.next_page_token || undefined };
      };
      for await (const page of pages(ask)) found.push(...page);
      return found;
    },
    async execution(executionId, call) {
      const execution = restExecution(connection, box, executionId, new Date());
      const { startedAt } = await execution.info(call);
      return restExecution(connection, box, executionId, startedAt);
    },
  };
}
