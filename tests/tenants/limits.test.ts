import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '@boxlite/runtime';
import { createApp } from '@boxlite/server';
import { expect, test } from 'vitest';

test('a tenant has so many boxes as the configuration says, counted exactly, and another has its own number', async () => {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-limits-'));
  const backend = await openLocal({ homeDir, maxBoxes: 2 });
  try {
    const app = createApp(backend, { auth: { apiKeys: [{ key: 'k' }] } });
    const ask = (method: string, path: string, json?: object): Promise<Response> =>
      app.fetch(
        new Request(`http://server${path}`, {
          method,
          headers: { authorization: 'Bearer k', ...(json && { 'content-type': 'application/json' }) },
          ...(json && { body: JSON.stringify(json) }),
        }),
      );
    const create = (tenant: string): Promise<Response> => ask('POST', `/v1/${tenant}/boxes`, { image: 'boxlite/base' });
    const { capabilities } = Object(await (await ask('GET', '/v1/config')).json());
    expect(capabilities.max_boxes_per_prefix).toBe(2);
    const answers = await Promise.all(Array.from({ length: 5 }, () => create('a')));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 429, 429, 429]);
    const refused = await create('a');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({
      error: { code: 'resource_exhausted', message: expect.stringContaining('2 boxes') },
    });
    const { boxes } = Object(await (await ask('GET', '/v1/a/boxes')).json());
    expect((await ask('POST', `/v1/a/boxes/${boxes[0].box_id}/clone`)).status).toBe(429);
    expect((await create('b')).status).toBe(201);
    expect((await ask('DELETE', `/v1/a/boxes/${boxes[0].box_id}`)).status).toBe(204);
    expect((await create('a')).status).toBe(201);
  } finally {
    await backend.shutdown();
    await rm(homeDir, { recursive: true, force: true });
  }
});
