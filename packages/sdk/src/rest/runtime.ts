import { box as boxSchema, createBox, getBox, listBoxes, listBoxesResponse, removeBox } from '@boxlite/api/boxes';
import { query } from '@boxlite/rest';
import type { RuntimeBackend } from '../backend/backend.ts';
import { NotFoundError } from '../errors.ts';
import { latePart } from '../late-part.ts';
import { restBox } from './box.ts';
import { boxInfo, createBoxRequest } from './box-wire.ts';
import { connect } from './connection.ts';
import { lateRest } from './late-rest.ts';
import type { BoxliteRestOptions } from './options.ts';

/** A runtime on a server; nothing is sent before the first call. */
export function restRuntime(options: BoxliteRestOptions): RuntimeBackend {
  const connection = connect(options);
  const runtime: RuntimeBackend = {
    async create(request, name, call) {
      await connection.checkAble(request);
      const endpoint = createBox({ body: createBoxRequest(request, name) });
      return restBox(connection, await connection.send(query(endpoint, boxSchema), call));
    },
    async getOrCreate(request, name, call) {
      const { getOrCreate } = await lateRest();
      return getOrCreate(connection, runtime, request, name, call);
    },
    async get(idOrName, call) {
      try {
        return restBox(connection, await connection.send(query(getBox({ box: idOrName }), boxSchema), call));
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    },
    async list({ pageSize, pageToken, status, labels, namePrefix } = {}, call = {}) {
      const label = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
      const endpoint = listBoxes({ pageSize, pageToken, status, label, namePrefix });
      const page = await connection.send(query(endpoint, listBoxesResponse), call);
      // A server that does not know the prefix gives every box.
      const boxes = page.boxes.filter(({ name }) => !namePrefix || name?.startsWith(namePrefix)).map(boxInfo);
      return { boxes, nextPageToken: page.next_page_token || undefined };
    },
    remove: (idOrName, { force } = {}, call = {}) =>
      connection.ignore(removeBox({ box: idOrName, ...(force && { force }) }), call),
    ...latePart(async () => (await lateRest()).restMetrics(connection), 'metrics'),
    ...latePart(async () => (await lateRest()).restConfig(connection), 'config', 'check'),
    ...latePart(async () => (await lateRest()).restImport(connection), 'importBox'),
    async *events(options) {
      const { readEvents } = await lateRest();
      yield* readEvents(connection, options);
    },
    images: latePart(
      async () => (await lateRest()).restImages(connection),
      'pull',
      'list',
      'get',
      'prune',
      'remove',
      'import',
    ),
    volumes: latePart(async () => (await lateRest()).restVolumes(connection), 'create', 'list', 'get', 'remove'),
    account: latePart(
      async () => (await lateRest()).restAccount(connection),
      'me',
      'createApiKey',
      'listApiKeys',
      'revokeApiKey',
    ),
    tenant: (name) => (name === 'default' ? runtime : restRuntime({ ...options, pathPrefix: name })),
    // Nothing is held: what runs on the server goes on.
    async shutdown() {},
  };
  return runtime;
}
