import {
  type Box,
  box as boxSchema,
  createBox,
  getBox,
  getConfig,
  getOrCreateBox,
  getRuntimeMetrics,
  importBox,
  listBoxes,
  listBoxesResponse,
  removeBox,
  runtimeMetrics as runtimeMetricsSchema,
  sandboxConfig,
} from '@boxlite/api';
import { type Client, type Query, query } from '@boxlite/rest';
import type { BoxBackend, CallOptions, RuntimeBackend } from '../backend/backend.ts';
import type { BoxOptions } from '../backend/box-options.ts';
import type { RuntimeConfig } from '../backend/info.ts';
import { AlreadyExistsError, NotFoundError, UnsupportedError } from '../errors.ts';
import { restAccount } from './account.ts';
import { restBox } from './box.ts';
import { connect } from './connection.ts';
import { readEvents } from './events.ts';
import { restImages } from './images.ts';
import type { BoxliteRestOptions } from './options.ts';
import { withBody } from './upload-body.ts';
import { restVolumes } from './volumes.ts';
import { boxInfo, createBoxRequest, runtimeConfig, runtimeMetrics } from './wire.ts';

/** A runtime on a server; nothing is sent before the first call. */
export function restRuntime(options: BoxliteRestOptions): RuntimeBackend {
  const connection = connect(options);
  const config = async (call?: CallOptions): Promise<RuntimeConfig> =>
    runtimeConfig(await connection.send(query(getConfig(), sandboxConfig), call));
  const check = async ({ capabilities }: BoxOptions): Promise<void> => {
    // A server that does not know them would make a box that has what was to be dropped.
    if (capabilities !== undefined && !(await connection.can('linux_capabilities_enabled')))
      throw new UnsupportedError('capabilities: this server does not take them; leave them out or use a newer server');
  };
  const create = async (request: BoxOptions, name: string | undefined, call?: CallOptions): Promise<Box> => {
    await check(request);
    return connection.send(query(createBox({ body: createBoxRequest(request, name) }), boxSchema), call);
  };
  /** Null where the server cannot. */
  const getOrCreateAtOnce = async (
    request: BoxOptions,
    name: string,
    call?: CallOptions,
  ): Promise<{ box: BoxBackend; created: boolean } | null> => {
    if (!(await connection.capabilities().catch(() => undefined))?.get_or_create_enabled) return null;
    await check(request);
    const body = createBoxRequest(request, undefined);
    let created = false;
    const asked: Query<Box> = {
      async send(client, options) {
        const watched: Client = {
          ...client,
          async send(sent) {
            const response = await client.send(sent);
            created = response.status === 201;
            return response;
          },
        };
        return query(getOrCreateBox({ box: name, body }), boxSchema).send(watched, options);
      },
    };
    return { box: restBox(connection, await connection.send(asked, call)), created };
  };
  const get = async (idOrName: string, call?: CallOptions): Promise<Box | null> => {
    try {
      return await connection.send(query(getBox({ box: idOrName }), boxSchema), call);
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  };
  const runtime: RuntimeBackend = {
    create: async (request, name, call) => restBox(connection, await create(request, name, call)),
    async getOrCreate(request, name, call) {
      for (let attempt = 1; ; attempt++) {
        const atOnce = await getOrCreateAtOnce(request, name, call);
        if (atOnce) return atOnce;
        const found = await get(name, call);
        if (found) return { box: restBox(connection, found), created: false };
        try {
          return { box: restBox(connection, await create(request, name, call)), created: true };
        } catch (error) {
          // Someone else was quicker: theirs is the box, unless it is gone again.
          if (!(error instanceof AlreadyExistsError) || attempt === 3) throw error;
        }
      }
    },
    async get(idOrName, call) {
      const found = await get(idOrName, call);
      return found && restBox(connection, found);
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
    metrics: async (call) =>
      runtimeMetrics(await connection.send(query(getRuntimeMetrics(), runtimeMetricsSchema), call)),
    events: (options) => readEvents(connection, options),
    check: async (call) => void (await config(call)),
    config,
    images: restImages(connection),
    volumes: restVolumes(connection),
    account: restAccount(connection),
    async importBox(archive, name, call) {
      const box = await withBody(archive, connection.uploadBufferBytes, call?.signal, (body) => {
        const endpoint = importBox({ archive: body, ...(name !== undefined && { name }) });
        return connection.send(query(endpoint, boxSchema), call);
      });
      return restBox(connection, box);
    },
    tenant: (name) => (name === 'default' ? runtime : restRuntime({ ...options, pathPrefix: name })),
    // Nothing is held: what runs on the server goes on.
    async shutdown() {},
  };
  return runtime;
}
