import { type Box, box as boxSchema, getOrCreateBox } from '@boxlite/api/boxes';
import { type Client, type Query, query } from '@boxlite/rest';
import type { BoxBackend, CallOptions, RuntimeBackend } from '../backend/backend.ts';
import type { BoxOptions } from '../backend/box-options.ts';
import { AlreadyExistsError } from '../errors.ts';
import { restBox } from './box.ts';
import { createBoxRequest } from './box-wire.ts';
import type { Connection } from './connection.ts';

interface Made {
  readonly box: BoxBackend;
  readonly created: boolean;
}

/** The box of that name, or a new one: at once where the server can, else by asking and making. */
export async function getOrCreate(
  connection: Connection,
  runtime: Pick<RuntimeBackend, 'create' | 'get'>,
  request: BoxOptions,
  name: string,
  call: CallOptions | undefined,
): Promise<Made> {
  for (let attempt = 1; ; attempt++) {
    if ((await connection.capabilities().catch(() => undefined))?.get_or_create_enabled)
      return atOnce(connection, request, name, call);
    const found = await runtime.get(name, call);
    if (found) return { box: found, created: false };
    try {
      return { box: await runtime.create(request, name, call), created: true };
    } catch (error) {
      // Someone else was quicker: theirs is the box, unless it is gone again.
      if (!(error instanceof AlreadyExistsError) || attempt === 3) throw error;
    }
  }
}

async function atOnce(
  connection: Connection,
  request: BoxOptions,
  name: string,
  call: CallOptions | undefined,
): Promise<Made> {
  await connection.checkAble(request);
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
}
