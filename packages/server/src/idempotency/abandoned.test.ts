import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operations } from '@boxlite/api';
import { type MakeOptions, StorageError } from 'boxlite/backend';
import { expect, onTestFinished, test } from 'vitest';
import { configuredPrincipal } from '../auth/principal.ts';
import { defaultPace } from '../files/paced-stream.ts';
import type { Reply } from '../http/reply.ts';
import { pageTokens } from '../paging/page-tokens.ts';
import { boxRoutes } from '../routes/boxes.ts';
import { copyRoutes } from '../routes/copies.ts';
import type { Route, Routes } from '../routes/route.ts';
import { openServerStore } from '../store/server-store.ts';
import { tenantsOf } from '../tenants.ts';
import type { MemoryBackend } from '../testing/memory-backend.ts';
import type { MemoryBox } from '../testing/memory-box.ts';
import { testServer } from '../testing/test-server.ts';
import type { Note } from './attempt.ts';
import { onceEach } from './once-each.ts';
import { type RequestRecords, requestRecords } from './records.ts';
import { undoNoted } from './undo-noted.ts';

const { createBox } = boxRoutes({ pages: pageTokens(new Uint8Array(32)), hostRoots: [], hostPorts: [] });
const copies = copyRoutes(defaultPace);

interface Asked {
  readonly backend: MemoryBackend;
  readonly records: RequestRecords;
  readonly errors: unknown[];
  /** Asks by a route with a key; a client that leaves does so by its signal. */
  ask(route: Route, key: string, signal?: AbortSignal, body?: BodyInit, box?: string): Promise<Reply>;
  /** Ids of the boxes that are there. */
  ids(): readonly string[];
}

function asked(graceMs: number, { backend }: Pick<Asked, 'backend'> = testServer(), path?: string): Asked {
  const records = requestRecords(openServerStore(path).database);
  const errors: unknown[] = [];
  const tenants = tenantsOf(backend);
  const undo = (_: string, note: Note): Promise<void> => undoNoted(backend, note);
  const keeper = { records, onError: (error: unknown) => void errors.push(error), undo, graceMs };
  const routeOf = { current: createBox };
  const route: Route = (call) => routeOf.current(call);
  const once = onceEach(
    Object.fromEntries(operations.map(({ operationId }) => [operationId, route])) as Routes,
    keeper,
  );
  return {
    backend,
    records,
    errors,
    ask(asking, key, signal, body = '{}', box) {
      routeOf.current = asking;
      const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
      const headers = { 'idempotency-key': key, 'content-type': type };
      const request = new Request('http://server/', { method: 'POST', headers, body, ...(signal && { signal }) });
      const operation = asking === copies.importBox ? 'importBox' : 'createBox';
      return once[operation]({
        ...{
          request,
          params: box === undefined ? {} : { box_id: box },
          requestId: 'r',
          backend,
          tenants,
          upgrade: undefined,
        },
        ...{ who: configuredPrincipal('p', {}), tenant: 'default', prefix: undefined, generation: 2, root: '' },
      });
    },
    ids: () => backend.boxes.map(({ id }) => id),
  };
}

const idOf = ({ body }: Reply): string => JSON.parse(String(body)).box_id;

test('who asks again after the grace gets a box that is there, not the id of the one that was removed', async () => {
  const { ask, ids } = asked(20);
  const lost = idOf(await ask(createBox, 'k', AbortSignal.abort()));
  await expect.poll(ids).toEqual([]);
  const again = await ask(createBox, 'k');
  expect([again.status, ids()]).toEqual([201, [idOf(again)]]);
  expect(idOf(again)).not.toBe(lost);
  expect(idOf(await ask(createBox, 'k'))).toBe(idOf(again));
});

test('a box whose client left is removed by the next server, too, when the first ended within the grace, unless the client is back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-abandoned-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'server.db');
  const { ask, backend, ids } = asked(1e6, undefined, path);
  const gone = idOf(await ask(createBox, 'gone', AbortSignal.abort()));
  const early = idOf(await ask(createBox, 'early', AbortSignal.abort()));
  expect(idOf(await ask(createBox, 'early'))).toBe(early);
  const late = idOf(await ask(createBox, 'late', AbortSignal.abort()));
  const second = asked(1e6, { backend }, path);
  expect(idOf(await second.ask(createBox, 'late'))).toBe(late);
  expect(second.records.abandoned().map(({ slot }) => slot.key)).toEqual(['gone']);
  const third = asked(20, { backend }, path);
  await expect.poll(ids).toEqual([early, late]);
  await expect.poll(third.records.abandoned).toEqual([]);
  expect([third.errors, idOf(await third.ask(createBox, 'gone')) === gone]).toEqual([[], false]);
});

test('who asks again while the box is being removed waits for that, and gets another', async () => {
  const { ask, backend, ids } = asked(20);
  const [begun, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const remove = backend.remove.bind(backend);
  backend.remove = async (...args) => {
    begun.resolve();
    await open.promise;
    await remove(...args);
  };
  const lost = idOf(await ask(createBox, 'k', AbortSignal.abort()));
  await begun.promise;
  const again = ask(createBox, 'k');
  open.resolve();
  const other = idOf(await again);
  expect(other).not.toBe(lost);
  expect(ids()).toEqual([other]);
});

test('a box that could not be removed is given to who asks later', async () => {
  const { ask, backend, errors, ids } = asked(20);
  backend.remove = async () => {
    throw new StorageError('the disk went away');
  };
  const made = idOf(await ask(createBox, 'k', AbortSignal.abort()));
  await expect.poll(() => errors).toHaveLength(1);
  expect(idOf(await ask(createBox, 'k'))).toBe(made);
  expect(ids()).toEqual([made]);
});

test('a box whose answer could not be kept stays when it is asked for again, and is not removed where that cannot be noted', async () => {
  const { ask, backend, records, errors, ids } = asked(60);
  const { finish } = records;
  records.finish = () => {
    throw new StorageError('the disk is full');
  };
  const back = idOf(await ask(createBox, 'back', AbortSignal.abort()));
  expect(idOf(await ask(createBox, 'back'))).toBe(back);
  const unnoted = idOf(await ask(createBox, 'unnoted', AbortSignal.abort()));
  await expect.poll(() => errors).toHaveLength(4);
  records.finish = finish;
  const gone = idOf(await ask(createBox, 'gone', AbortSignal.abort()));
  expect(ids()).toEqual([back, unnoted, gone]);
  await expect.poll(ids).toEqual([back, unnoted]);
  expect(backend.boxes).toHaveLength(2);
});

test.each(['cloneBox', 'importBox'] as const)(
  '%s with a key goes on without its client, who gets the box when it asks again',
  async (id) => {
    const { ask, backend, ids } = asked(60);
    const source = await backend.create({}, 'source');
    const [entered, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const make = async (name: string | undefined, call: MakeOptions = {}): Promise<MemoryBox> => {
      entered.resolve();
      await open.promise;
      call.signal?.throwIfAborted();
      return backend.create({}, name, call);
    };
    source.clone = make;
    backend.importBox = (_archive, name, call) => make(name, call);
    const body = id === 'cloneBox' ? '{}' : Buffer.from('BOXLITE-ARCHIVE\narchive of source');
    const left = new AbortController();
    const first = ask(copies[id], 'back', left.signal, body, 'source');
    await entered.promise;
    left.abort();
    const again = ask(copies[id], 'back', undefined, body, 'source');
    open.resolve();
    expect((await again).headers['idempotent-replay']).toBe('true');
    const back = idOf(await again);
    expect(back).toBe(idOf(await first));
    const gone = idOf(await ask(copies[id], 'gone', AbortSignal.abort(), body, 'source'));
    expect(ids()).toContain(gone);
    await expect.poll(ids).toEqual([source.id, back]);
  },
);
