import {
  type Box,
  boxMetrics as boxMetricsSchema,
  box as boxSchema,
  cloneBox,
  downloadFiles,
  execResponse,
  exportBox,
  getBox,
  getBoxMetrics,
  listExecutions,
  listExecutionsResponse,
  listNetworkEvents,
  listNetworkEventsResponse,
  pauseBox,
  restartBox,
  resumeBox,
  startBox,
  startExecution,
  stopBox,
  uploadFiles,
} from '@boxlite/api';
import { query, raw } from '@boxlite/rest';
import type { BoxBackend } from '../backend/backend.ts';
import type { ExecutionInfo } from '../backend/info.ts';
import { UnsupportedError } from '../errors.ts';
import { type Page, pages } from '../pages.ts';
import type { Connection } from './connection.ts';
import { restExecution } from './execution.ts';
import { restFiles } from './files.ts';
import { networkEvent } from './network-wire.ts';
import { restSnapshots } from './snapshots.ts';
import { restTunnel } from './tunnel.ts';
import { withBody } from './upload-body.ts';
import { boxInfo, boxMetrics, execRequest, executionInfo } from './wire.ts';
import { withFailure } from './with-failure.ts';

/** A box on a server. */
export function restBox(connection: Connection, box: Box): BoxBackend {
  const snapshot = boxInfo(box);
  const { id, name } = snapshot;
  const archives: Pick<BoxBackend, 'upload' | 'download'> = {
    async upload(tar, { path, overwrite }, call) {
      await withBody(tar, connection.uploadBufferBytes, call?.signal, (body) =>
        connection.ignore(uploadFiles({ box: id, path, overwrite, tar: body }), call),
      );
    },
    async download({ path, followSymlinks }, call) {
      const endpoint = downloadFiles({ box: id, path, follow_symlinks: followSymlinks });
      const { body } = await connection.send(raw(endpoint), call);
      return withFailure(body, connection);
    },
  };
  return {
    id,
    name,
    snapshot,
    info: async (call) => boxInfo(await connection.send(query(getBox({ box: id }), boxSchema), call)),
    start: async (call) => boxInfo(await connection.send(query(startBox({ box: id }), boxSchema), call)),
    async stop({ timeoutMs } = {}, call = {}) {
      const body = timeoutMs === undefined ? undefined : { timeout_seconds: timeoutMs / 1000 };
      return boxInfo(await connection.send(query(stopBox({ box: id, body }), boxSchema), call));
    },
    async restart({ timeoutMs } = {}, call = {}) {
      const body = timeoutMs === undefined ? undefined : { timeout_seconds: timeoutMs / 1000 };
      return boxInfo(await connection.send(query(restartBox({ box: id, body }), boxSchema), call));
    },
    pause: async (call) => boxInfo(await connection.send(query(pauseBox({ box: id }), boxSchema), call)),
    resume: async (call) => boxInfo(await connection.send(query(resumeBox({ box: id }), boxSchema), call)),
    async exec(options, call) {
      const startedAt = new Date();
      const endpoint = startExecution({ box: id, body: execRequest(options) });
      const { execution_id } = await connection.send(query(endpoint, execResponse), call);
      return restExecution(connection, id, execution_id, startedAt);
    },
    async executions(call) {
      if (!(await connection.can('execution_list_enabled', call)))
        throw new UnsupportedError('this server cannot list executions; keep the ids that exec gives');
      const found: ExecutionInfo[] = [];
      const ask = async (pageToken: string | undefined): Promise<Page<ExecutionInfo>> => {
        const asked = query(listExecutions({ box: id, pageSize: 1000, pageToken }), listExecutionsResponse);
        const page = await connection.send(asked, call);
        return { items: page.executions.map(executionInfo), next: page.next_page_token || undefined };
      };
      for await (const page of pages(ask)) for (const execution of page) found.push(execution);
      return found;
    },
    async main() {
      throw new UnsupportedError('over REST a main command is attached to by GET /boxes/{id}/attach, a WebSocket');
    },
    async execution(executionId, call) {
      const execution = restExecution(connection, id, executionId, new Date());
      const { startedAt } = await execution.info(call);
      return restExecution(connection, id, executionId, startedAt);
    },
    ...archives,
    files: restFiles(connection, id, archives),
    metrics: async (call) =>
      boxMetrics(await connection.send(query(getBoxMetrics({ box: id }), boxMetricsSchema), call)),
    snapshots: restSnapshots(connection, id),
    clone: async (name, call) =>
      restBox(connection, await connection.send(query(cloneBox({ box: id, body: { name } }), boxSchema), call)),
    async export(call) {
      const { body } = await connection.send(raw(exportBox({ box: id })), call);
      return withFailure(body, connection);
    },
    async networkEvents({ after } = {}, call = {}) {
      const asked = query(listNetworkEvents({ box: id, after }), listNetworkEventsResponse);
      return (await connection.send(asked, call)).events.map(networkEvent);
    },
    connect: (port, call) => restTunnel(connection, id, port, call),
  };
}
