import type { StopBoxRequest } from '@boxlite/api';
import {
  type Box,
  box as boxSchema,
  getBox,
  pauseBox,
  restartBox,
  resumeBox,
  startBox,
  stopBox,
} from '@boxlite/api/boxes';
import { type Endpoint, query } from '@boxlite/rest';
import type { BoxBackend, CallOptions, StopOptions } from '../backend/backend.ts';
import type { BoxInfo } from '../backend/info.ts';
import { latePart } from '../late-part.ts';
import { once } from '../once.ts';
import { boxInfo } from './box-wire.ts';
import { restCommands } from './commands.ts';
import type { Connection } from './connection.ts';
import { lateRest } from './late-rest.ts';
import { inSeconds } from './time-wire.ts';

/** A box on a server. Its life and its commands are here; all else is loaded when it is first used. */
export function restBox(connection: Connection, box: Box): BoxBackend {
  const snapshot = boxInfo(box);
  const { id, name } = snapshot;
  const after = async (endpoint: Endpoint, call: CallOptions | undefined): Promise<BoxInfo> =>
    boxInfo(await connection.send(query(endpoint, boxSchema), call));
  const archives = latePart(
    async () => (await lateRest()).restArchives(connection, id),
    'upload',
    'download',
    'clone',
    'export',
  );
  const files = once(async () => (await lateRest()).restFiles(connection, id, archives));
  return {
    id,
    name,
    snapshot,
    info: async (call) => after(getBox({ box: id }), call),
    start: async (call) => after(startBox({ box: id }), call),
    stop: async (options, call) => after(stopBox({ box: id, body: stopRequest(options) }), call),
    restart: async (options, call) => after(restartBox({ box: id, body: stopRequest(options) }), call),
    pause: async (call) => after(pauseBox({ box: id }), call),
    resume: async (call) => after(resumeBox({ box: id }), call),
    ...restCommands(connection, id),
    ...archives,
    files: {
      ...latePart(files, 'read', 'write', 'stat', 'remove', 'mkdir'),
      async *list(path, call) {
        yield* (await files()).list(path, call);
      },
    },
    snapshots: latePart(
      async () => (await lateRest()).restSnapshots(connection, id),
      'create',
      'list',
      'get',
      'remove',
      'restore',
    ),
    ...latePart(async () => (await lateRest()).restBoxMetrics(connection, id), 'metrics'),
    ...latePart(async () => (await lateRest()).restNetwork(connection, id), 'networkEvents', 'connect'),
  };
}

function stopRequest({ timeoutMs }: StopOptions = {}): StopBoxRequest | undefined {
  return timeoutMs === undefined ? undefined : { timeout_seconds: inSeconds(timeoutMs) };
}
