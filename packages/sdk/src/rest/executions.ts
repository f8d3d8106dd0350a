import { listExecutions, listExecutionsResponse } from '@boxlite/api/executions';
import { query } from '@boxlite/rest';
import type { BoxBackend } from '../backend/backend.ts';
import type { ExecutionInfo } from '../backend/info.ts';
import { UnsupportedError } from '../errors.ts';
import { type Page, pages } from '../pages.ts';
import type { Connection } from './connection.ts';
import { executionInfo } from './execution-wire.ts';

/** The list of a box's executions on a server, and that its main command is no such thing there. */
export function restExecutions(connection: Connection, box: string): Pick<BoxBackend, 'executions' | 'main'> {
  return {
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
    async main() {
      throw new UnsupportedError('over REST a main command is attached to by GET /boxes/{id}/attach, a WebSocket');
    },
  };
}
