import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersDocumented } from '../../packages/server/src/testing/answers/contract.ts';
import { records } from '../../packages/server/src/testing/answers/records.ts';
import { specOperations } from '../tenants/operations.ts';
import { type Asker, asker, type Scenarios } from './asker.ts';
import { refusals } from './refusals.ts';
import { accessScenarios } from './scenarios/access.ts';
import { boxScenarios } from './scenarios/boxes.ts';
import { diskScenarios } from './scenarios/disks.ts';
import { executionScenarios } from './scenarios/executions.ts';
import { faultScenarios } from './scenarios/faults.ts';
import { fileScenarios } from './scenarios/files.ts';
import { call, isDocumented, openSite } from './site.ts';

// What is seen here is held to the contract as it is written to the socket: see observed-servers.ts of the server's tests.
const scenarios: Scenarios = {
  ...boxScenarios,
  ...executionScenarios,
  ...fileScenarios,
  ...diskScenarios,
  ...accessScenarios,
  ...faultScenarios,
};

let asked: Asker;
let urls: Readonly<Record<'plain' | 'busy' | 'impatient', string>>;
/** Those that take half a minute are sent at the beginning, all at once. */
let slow: Promise<readonly string[]>;

beforeAll(async () => {
  const site = await openSite();
  asked = asker(site);
  urls = {
    plain: site.url,
    busy: await site.beside({ limits: { requestsAtOnce: 0 } }),
    impatient: await site.beside({ pace: { windowMs: 300, bytes: 1000 } }),
  };
  // What the refusals for a used key are about.
  await asked.got('createVolume', 201, { json: { name: 'first' }, headers: { 'idempotency-key': 'used' } });
  await asked.box({ name: 'web' });
  const late = specOperations.filter(isDocumented(408)).map(async ({ id }) => {
    const given = { holes: { box_id: 'web' }, body: '{', missingBytes: 10 };
    return `${id} ${(await call(urls.impatient, id, given)).status}`;
  });
  slow = Promise.all(late);
  slow.catch(() => {});
}, 60_000);

afterAll(async () => {
  asked[Symbol.dispose]();
  await asked.site[Symbol.asyncDispose]();
}, 60_000);

describe('every operation is refused for', () => {
  test.each(refusals)('$cause: $status', async (refusal) => {
    const operations = specOperations.filter(refusal.of);
    expect(operations.length).toBeGreaterThan(3);
    for (const operation of operations) {
      await asked.got(operation.id, refusal.status, refusal.given(operation), urls[refusal.server ?? 'plain']);
    }
  });
});

test.each(Object.keys(scenarios))('%s', { timeout: 120_000 }, async (title) => scenarios[title]?.(asked));

test('every operation is refused for a body that does not come in time: 408', { timeout: 60_000 }, async () => {
  const operations = specOperations.filter(isDocumented(408));
  expect(await slow).toEqual(operations.map(({ id }) => `${id} 408`));
});

test('every answer that the contract documents was given', () => {
  expect([...answersDocumented].filter((one) => !records.seen.has(one)).toSorted()).toEqual([]);
});
