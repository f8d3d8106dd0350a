import {
  type Box,
  box as boxSchema,
  createBox,
  getBox,
  listBoxes,
  listBoxesResponse,
  removeBox,
} from '@boxlite/api/boxes';
import { query } from '@boxlite/rest';
import type { BoxBackend, RuntimeBackend } from '../backend/backend.ts';
import { NotFoundError } from '../errors.ts';
import { restBox } from './box.ts';
import { boxInfo, createBoxRequest } from './box-wire.ts';
import type { Connection } from './connection.ts';
import { lateRest } from './late-rest.ts';

/** The boxes of a server: how they are made, found and removed. */
export function restBoxes(
  connection: Connection,
): Pick<RuntimeBackend, 'create' | 'getOrCreate' | 'get' | 'list' | 'remove'> {
  const made = (box: Box): BoxBackend => restBox(connection, box);
  const create: RuntimeBackend['create'] = async (request, name, call) => {
    await connection.checkAble(request);
    const endpoint = createBox({ body: createBoxRequest(request, name) });
    return made(await connection.send(query(endpoint, boxSchema), call));
  };
  const get: RuntimeBackend['get'] = async (idOrName, call) => {
    try {
      return made(await connection.send(query(getBox({ box: idOrName }), boxSchema), call));
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  };
  return {
    create,
    get,
    async getOrCreate(request, name, call) {
      const { getOrCreate } = await lateRest();
      return getOrCreate(connection, { create, get }, request, name, call);
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
  };
}
