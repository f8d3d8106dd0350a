import { type CreateBoxRequest, createBoxRequest, listBoxesQuery, removeBoxQuery, stopBoxRequest } from '@boxlite/api';
import { type BoxBackend, type BoxOptions, InvalidArgumentError } from 'boxlite/backend';
import type { Generation } from '../http/generation.ts';
import type { Reply } from '../http/reply.ts';
import { empty, json, jsonText } from '../http/respond.ts';
import { creationStages, serverTiming, startStages, timed } from '../http/server-timing.ts';
import { readJson, readOptionalJson, readQuery } from '../http/validated.ts';
import { madeEarlier, onId } from '../idempotency/earlier.ts';
import type { PageTokens } from '../paging/page-tokens.ts';
import { boxPageToWire, boxText, boxToWire } from '../wire/box.ts';
import { boxOptionsFromWire } from '../wire/box-options.ts';
import { present } from '../wire/present.ts';
import { checkHostPaths } from './host-paths.ts';
import { checkHostPorts, type HostPorts } from './host-ports.ts';
import { boxSlot, pathBox, type RestCall, type Routes } from './route.ts';

type BoxOperation =
  | 'createBox'
  | 'getOrCreateBox'
  | 'listBoxes'
  | 'getBox'
  | 'boxExists'
  | 'removeBox'
  | 'startBox'
  | 'stopBox'
  | 'restartBox'
  | 'pauseBox'
  | 'resumeBox';

export interface BoxRouteOptions {
  readonly pages: PageTokens;
  /** Host directories that volumes and root file systems may come from. */
  readonly hostRoots: readonly string[];
  readonly hostPorts: readonly HostPorts[];
}

/** The operations on boxes. */
export function boxRoutes({ hostRoots, hostPorts, pages }: BoxRouteOptions): Routes<BoxOperation> {
  const allowed = (request: CreateBoxRequest, generation: Generation): Promise<BoxOptions> =>
    checkHostPaths(checkHostPorts(boxOptionsFromWire(request, generation), hostPorts), hostRoots);
  return {
    async createBox(call) {
      const request = await readJson(call.request, createBoxRequest);
      const options = await allowed(request, call.generation);
      const earlier = await madeEarlier(call);
      if (earlier) return made(call, earlier);
      const [box, ms] = await timed(() => call.backend.create(options, request.name, onId(call)));
      call.attempt?.undoIfAbandoned();
      return made(call, box, serverTiming(creationStages(box.snapshot, ms)));
    },

    async getOrCreateBox(call) {
      const name = boxSlot(call);
      const request = await readJson(call.request, createBoxRequest);
      if (request.name !== undefined && request.name !== name) {
        throw new InvalidArgumentError(`name must be left out or be the name in the path, ${JSON.stringify(name)}`);
      }
      const options = await allowed(request, call.generation);
      const earlier = await madeEarlier(call);
      if (earlier) return made(call, earlier);
      const { box, created } = await call.backend.getOrCreate(options, name, onId(call));
      return created ? made(call, box) : json(200, boxToWire(box.snapshot));
    },

    async listBoxes(call) {
      const { label, pageToken, pageSize, ...filter } = readQuery(call.request, listBoxesQuery);
      const labels = label && Object.fromEntries(label.map(splitLabel));
      const list = ['boxes', call.tenant, filter.status, filter.namePrefix, label];
      const query = present({ ...filter, pageSize, labels, ...pages.open(list, pageToken) });
      const page = await call.backend.list(query);
      return json(200, boxPageToWire(page, pages.sign(list, page.nextPageToken)));
    },

    async getBox(call) {
      return jsonText(200, boxText(await (await pathBox(call)).info()));
    },

    async boxExists(call) {
      await pathBox(call);
      return empty(204);
    },

    async removeBox(call) {
      const query = readQuery(call.request, removeBoxQuery);
      const { attempt, backend } = call;
      if (!attempt) {
        await backend.remove(boxSlot(call), present(query));
        return empty(204);
      }
      const id = attempt.former?.id ?? (await pathBox(call)).id;
      attempt.noteRemoval({ id });
      if (!attempt.former || (await backend.get(id))) await backend.remove(id, present(query));
      return empty(204);
    },

    async startBox(call) {
      const box = await pathBox(call);
      const [info, ms] = await timed(() => box.start());
      return json(200, boxToWire(info), serverTiming(startStages(info, ms)));
    },

    async stopBox(call) {
      const options = await readStop(call.request);
      const { attempt, backend } = call;
      const former = attempt?.former?.box;
      // A stop may remove the box: then it was stopped by the try before.
      if (former?.auto_remove && (await backend.get(former.box_id)) === null) {
        return json(200, { ...former, status: 'stopped', pid: null });
      }
      const box = await pathBox(call);
      attempt?.note({ box: boxToWire(box.snapshot) });
      return json(200, boxToWire(await box.stop(options)));
    },

    async restartBox(call) {
      const options = await readStop(call.request);
      const box = await pathBox(call);
      const now = boxToWire(box.snapshot);
      const { former } = call.attempt ?? {};
      const again = former?.box && former.box.box_id === box.id && former.box.started_at !== now.started_at;
      if (again && now.status === 'running') return json(200, now);
      if (!former) call.attempt?.note({ box: now });
      return json(200, boxToWire(await box.restart(options)));
    },

    async pauseBox(call) {
      return json(200, boxToWire(await (await pathBox(call)).pause()));
    },

    async resumeBox(call) {
      return json(200, boxToWire(await (await pathBox(call)).resume()));
    },
  };
}

function made(call: RestCall, box: BoxBackend, timing: Readonly<Record<string, string>> = {}): Reply {
  const location = `${call.root}/boxes/${box.id}`;
  return json(201, boxToWire(box.snapshot), { location, ...timing });
}

async function readStop(request: Request): Promise<{ readonly timeoutMs?: number }> {
  const { timeout_seconds } = await readOptionalJson(request, stopBoxRequest);
  const timeoutMs = timeout_seconds === undefined ? undefined : Math.round(timeout_seconds * 1000);
  if (timeoutMs !== undefined && timeoutMs > 86_400_000) {
    throw new InvalidArgumentError(`timeout_seconds must be at most 86400; got ${timeout_seconds}`);
  }
  return present({ timeoutMs });
}

function splitLabel(label: string): [string, string] {
  const at = label.indexOf('=');
  return [label.slice(0, at), label.slice(at + 1)];
}
