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
import { query, raw, TransportError } from '@boxlite/rest';
import type { BoxBackend } from '../backend/backend.ts';
import { UnsupportedError } from '../errors.ts';
import { iterable } from '../iterable.ts';
import type { Connection } from './connection.ts';
import { restExecution } from './execution.ts';
import { networkEvent } from './network-wire.ts';
import { restSnapshots } from './snapshots.ts';
import { restTunnel } from './tunnel.ts';
import { withBody } from './upload-body.ts';
import { boxInfo, boxMetrics, execRequest } from './wire.ts';

/** A box on a server. */
export function restBox(connection: Connection, box: Box): BoxBackend {
  const snapshot = boxInfo(box);
  const { id, name } = snapshot;
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
    async executions() {
      throw new UnsupportedError('a server of this protocol cannot list executions; keep the ids that exec gives');
    },
    async main() {
      throw new UnsupportedError('over REST a main command is attached to by GET /boxes/{id}/attach, a WebSocket');
    },
    async execution(executionId, call) {
      const execution = restExecution(connection, id, executionId, new Date());
      const { startedAt } = await execution.info(call);
      return restExecution(connection, id, executionId, startedAt);
    },
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

/** The same bytes, with errors of the SDK where the connection breaks. */
function withFailure(body: ReadableStream<Uint8Array> | null, connection: Connection): ReadableStream<Uint8Array> {
  const reader = body?.getReader();
  const bytes = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await reader?.read();
          if (next?.value) controller.enqueue(next.value);
          else controller.close();
        } catch (error) {
          throw connection.failure(
            error instanceof TypeError
              ? new TransportError(`the download broke off: ${error.message}`, { cause: error })
              : error,
          );
        }
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return iterable(bytes);
}
