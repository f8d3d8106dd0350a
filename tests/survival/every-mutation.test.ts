import * as api from '@boxlite/api';
import { ignore } from '@boxlite/rest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cut, retryAfterSeconds } from './cutting-proxy.ts';
import { until } from './harness.ts';
import { type MutationSite, openMutationSite } from './mutation-site.ts';
import { mutations } from './mutations.ts';

/** Everything that may go wrong on the way, one after another; then the request passes. */
const faults: readonly Cut[] = ['before', 503, 'after', 429, 502, 'after', 504, 'half'];

let site: MutationSite;
beforeAll(async () => {
  site = await openMutationSite(faults.length + 1);
});
afterAll(() => site.close());

const scenarios = mutations(() => site);
const mutating = api.operations.filter(({ method }) => method !== 'GET' && method !== 'HEAD');

test.each(mutating)('$operationId is done once, whatever becomes of its connection', async ({ operationId }) => {
  // An operation that has no scenario fails here: it gets one when it is added.
  const scenario = scenarios[operationId];
  if (!scenario) throw new Error(`${operationId} may change something and has no scenario in mutations.ts`);
  const { endpoint, effect, before, after } = await scenario();
  const { proxy, client, waits } = site;
  expect(await effect()).toEqual(before);
  const asked = proxy.heads.length;
  waits.length = 0;
  proxy.cuts.push(...faults);
  await ignore(endpoint).send(client);
  expect(proxy.cuts).toEqual([]);
  await until(
    `${operationId} to have its effect`,
    async () => JSON.stringify(await effect()) === JSON.stringify(after),
  );
  const keys = proxy.heads.slice(asked).map((head) => /^idempotency-key: (\S+)/im.exec(head)?.[1]);
  // An archive is given on as it comes: where half of it came, that is for its reader to tell.
  const all = faults.length + 1;
  expect(operationId === 'exportBox' ? [all - 1, all] : [all]).toContain(keys.length);
  expect(keys).toEqual(keys.map(() => expect.stringMatching(/^[0-9a-f-]{36}$/)));
  expect(new Set(keys).size).toBe(1);
  expect(waits.filter((ms) => ms === retryAfterSeconds * 1000)).toHaveLength(4);
  expect(await effect()).toEqual(after);
  for (const { id } of await site.runtime.listInfo()) await site.runtime.remove(id, { force: true });
});
