import { createBoxRequest, listBoxesQuery, removeBoxQuery, stopBoxRequest } from '@boxlite/api';
import { InvalidArgumentError } from 'boxlite/backend';
import { empty, json } from '../http/respond.ts';
import { creationStages, serverTiming, startStages, timed } from '../http/server-timing.ts';
import { readJson, readOptionalJson, readQuery } from '../http/validated.ts';
import { boxPageToWire, boxToWire } from '../wire/box.ts';
import { boxOptionsFromWire } from '../wire/box-options.ts';
import { present } from '../wire/present.ts';
import { checkHostPaths } from './host-paths.ts';
import { checkHostPorts, type HostPorts } from './host-ports.ts';
import { boxSlot, pathBox, type Routes } from './route.ts';

type BoxOperation =
  | 'createBox'
  | 'listBoxes'
  | 'getBox'
  | 'boxExists'
  | 'removeBox'
  | 'startBox'
  | 'stopBox'
  | 'restartBox'
  | 'pauseBox'
  | 'resumeBox';

/** What of the host boxes may have. */
export interface HostAccess {
  /** Host directories that volumes and root file systems may come from. */
  readonly hostRoots: readonly string[];
  readonly hostPorts: readonly HostPorts[];
}

/** The operations on boxes. */
export function boxRoutes({ hostRoots, hostPorts }: HostAccess): Routes<BoxOperation> {
  return {
    async createBox(call) {
      const request = await readJson(call.request, createBoxRequest);
      const options = await checkHostPaths(
        checkHostPorts(boxOptionsFromWire(request, call.generation), hostPorts),
        hostRoots,
      );
      const [box, ms] = await timed(() => call.backend.create(options, request.name));
      const location = `${call.root}/boxes/${box.id}`;
      const { snapshot } = box;
      return json(201, boxToWire(snapshot), { location, ...serverTiming(creationStages(snapshot, ms)) });
    },

    async listBoxes(call) {
      const { label, ...query } = readQuery(call.request, listBoxesQuery);
      const labels = label && Object.fromEntries(label.map(splitLabel));
      return json(200, boxPageToWire(await call.backend.list(present({ ...query, labels }))));
    },

    async getBox(call) {
      return json(200, boxToWire(await (await pathBox(call)).info()));
    },

    async boxExists(call) {
      await pathBox(call);
      return empty(204);
    },

    async removeBox(call) {
      const query = readQuery(call.request, removeBoxQuery);
      await call.backend.remove(boxSlot(call), present(query));
      return empty(204);
    },

    async startBox(call) {
      const box = await pathBox(call);
      const [info, ms] = await timed(() => box.start());
      return json(200, boxToWire(info), serverTiming(startStages(info, ms)));
    },

    async stopBox(call) {
      const options = await readStop(call.request);
      return json(200, boxToWire(await (await pathBox(call)).stop(options)));
    },

    async restartBox(call) {
      const options = await readStop(call.request);
      return json(200, boxToWire(await (await pathBox(call)).restart(options)));
    },

    async pauseBox(call) {
      return json(200, boxToWire(await (await pathBox(call)).pause()));
    },

    async resumeBox(call) {
      return json(200, boxToWire(await (await pathBox(call)).resume()));
    },
  };
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
