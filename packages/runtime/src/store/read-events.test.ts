import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoxStatus, EventsOptions, RuntimeEvent } from 'boxlite/backend';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newBoxRecord } from './new-box-record.ts';
import { readEvents } from './read-events.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let path: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-events-'));
  path = join(folder, 'store.db');
  store = openStore(path);
});
afterAll(async () => {
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const defaults = { env: {}, workingDir: '', user: '', entrypoint: [], cmd: [] };
const made = { image: 'a', imageId: undefined, rootfs: { path: '/' }, defaults, options: {} };

/** Makes a box and takes it through statuses; its id. */
function box(name: string | undefined, ...statuses: BoxStatus[]): string {
  return boxOf('mine', name, ...statuses);
}

function boxOf(tenant: string, name: string | undefined, ...statuses: BoxStatus[]): string {
  const record = newBoxRecord({ ...made, tenant, name, detachAll: false });
  store.boxes.insert(record);
  for (const status of statuses) store.boxes.update(record.id, { status, pid: undefined });
  return record.id;
}

function read(options: EventsOptions = {}): AsyncIterator<RuntimeEvent> {
  return readEvents({ events: store.events, tenant: 'mine', changed: store.changed, assertOpen: () => {} }, options);
}

async function take(events: AsyncIterator<RuntimeEvent>, count: number): Promise<RuntimeEvent[]> {
  const taken: RuntimeEvent[] = [];
  while (taken.length < count) {
    const { done, value } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

const types = (events: readonly RuntimeEvent[]): string[] => events.map(({ type }) => type);

test('every change of a box is one event, in order, and none where nothing changed', async () => {
  const events = read();
  await take(events, 1);
  const id = box('first', 'configured', 'running', 'running', 'paused', 'running', 'stopping', 'stopped');
  store.boxes.update(id, { status: 'failed', pid: undefined, history: { exitCode: 3, errorMessage: 'why' } });
  store.boxes.remove(id);
  const found = await take(events, 8);
  expect(types(found)).toEqual(['created', 'started', 'paused', 'resumed', 'stopping', 'stopped', 'failed', 'removed']);
  for (const event of found) expect(event).toMatchObject({ boxId: id, boxName: 'first', at: expect.any(Date) });
  expect(found[6]).toMatchObject({ exitCode: 3, errorMessage: 'why' });
});

test('a reader that waits is woken, one box can be followed, and an abort throws its reason', async () => {
  const leaving = new AbortController();
  const id = box(undefined);
  const events = read({ box: id, signal: leaving.signal });
  await take(events, 1);
  const next = events.next();
  box('another', 'running');
  store.boxes.update(id, { status: 'running', pid: 1 });
  expect((await next).value).toMatchObject({ type: 'started', boxId: id });
  const waiting = events.next();
  leaving.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

test('a change that is undone was none', async () => {
  const events = read();
  await take(events, 1);
  const lost = store.later.add(() => {
    box('undone', 'running');
    throw new Error('the disk is full');
  });
  await expect(lost).rejects.toThrow('the disk is full');
  const id = box('kept');
  expect((await take(events, 1))[0]).toMatchObject({ type: 'created', boxId: id });
});

test('who comes back after a restart gets all that came after his last event, none twice and none left out', async () => {
  const [open] = await take(read(), 1);
  const ids = [box('a'), box('b'), box('c')];
  const first = await take(read({ after: open?.id }), 2);
  store.close();
  store = openStore(path);
  ids.push(box('d'));
  const rest = await take(read({ after: first[1]?.id }), 4);
  expect([...first.slice(1), ...rest.slice(1)].map((event) => 'boxId' in event && event.boxId)).toEqual(ids);
});

test('what is no longer kept, was never there or is of another store is a reset; what is no id is an error', async () => {
  const [open] = await take(read(), 1);
  const history = open?.id.split('.')[0];
  const slow = read({ after: open?.id });
  await take(slow, 1);
  store.database.exec('BEGIN');
  for (let i = 0; i < 10_001; i++) box(undefined);
  store.database.exec('COMMIT');
  expect(store.database.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 10_000 });
  expect(types(await take(slow, 1))).toEqual(['reset']);
  for (const after of [open?.id, `${history}.999999`, `abc.${open?.id.split('.')[1]}`]) {
    expect(types(await take(read({ after }), 2))).toEqual(['open', 'reset']);
  }
  const newest = store.events.newest('mine');
  const kept = await take(read({ after: `${history}.${newest - 10_000}` }), 10_001);
  expect(new Set(types(kept.slice(1)))).toEqual(new Set(['created']));
  for (const after of ['', 'x', '1', `${history}.-1`, `${history}.1 `]) {
    await expect(take(read({ after }), 1)).rejects.toMatchObject({ code: 'invalid_argument' });
  }
});

test('a tenant sees its own boxes only, however much another does', async () => {
  const before = store.events.newest('mine');
  const mine = box('quiet', 'running');
  const events = read({ after: `${store.events.history}.${before}` });
  for (let i = 0; i < 20; i++) boxOf('theirs', `noisy-${i}`, 'running', 'stopped');
  const seen: RuntimeEvent[] = [];
  for (let event = await events.next(); !event.done; event = await events.next()) {
    seen.push(event.value);
    if ('boxId' in event.value && event.value.boxId === mine && event.value.type === 'started') break;
  }
  await events.return?.();
  expect(seen.some((event) => 'boxName' in event && event.boxName?.startsWith('noisy'))).toBe(false);
  // Nor do the numbers tell that there was anything.
  const history = store.events.history;
  expect(seen.map(({ id }) => id)).toEqual([0, 1, 2].map((n) => `${history}.${before + n}`));
  const [open] = await take(read(), 1);
  expect(open?.id).toBe(`${history}.${before + 2}`);
});
