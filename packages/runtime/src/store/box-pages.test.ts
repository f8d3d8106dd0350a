import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BoxRecord, type BoxRecords, boxRecords } from './box-records.ts';
import { openDatabase } from './database.ts';
import { newBoxRecord } from './new-box-record.ts';

function records(): { readonly database: DatabaseSync; readonly boxes: BoxRecords } {
  const database = openDatabase(':memory:');
  return { database, boxes: boxRecords(database) };
}

const defaults = { env: {}, workingDir: '/', user: '', entrypoint: [], cmd: [] };
function box(id: number, createdAt: number, name?: string): BoxRecord {
  const made = {
    tenant: 'default',
    name,
    detachAll: false,
    image: 'a',
    imageId: undefined,
    rootfs: { layers: [] },
    defaults,
    options: {},
  };
  const spelled = id.toString().padStart(26, '0');
  return { ...newBoxRecord(made), id: spelled, createdAt, updatedAt: createdAt };
}

// An id says nothing of the age: boxes of the warm pool have one from before they were asked for. Clocks go back, too.
const event = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), id: fc.nat(9999), at: fc.nat(50) }),
  fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
  fc.constant({ kind: 'page' as const }),
);

test('whatever is made and removed between pages, a box that is there all the while is listed once, oldest first', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ id: fc.nat(9999), at: fc.nat(50) }), { selector: ({ id }) => id, maxLength: 30 }),
      fc.array(event, { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      (first, events, pageSize) => {
        const { database, boxes } = records();
        const there = new Map<string, BoxRecord>();
        // No id comes twice, neither here nor in the world.
        const ever = new Set<string>();
        const add = (one: BoxRecord): void => {
          if (ever.has(one.id)) return;
          ever.add(one.id);
          boxes.insert(one);
          there.set(one.id, one);
        };
        for (const { id, at } of first) add(box(id, at));
        const throughout = new Set(there.keys());
        const seen: BoxRecord[] = [];
        let token: string | undefined;
        let ended = false;
        const page = (): void => {
          const answer = boxes.list('default', { pageSize, ...(token !== undefined && { pageToken: token }) });
          seen.push(...answer.records);
          token = answer.nextPageToken;
          ended = token === undefined;
        };
        for (const one of events) {
          if (ended) break;
          if (one.kind === 'page') page();
          else if (one.kind === 'create') add(box(one.id, one.at));
          else {
            const ids = [...there.keys()];
            const id = ids[one.which % Math.max(1, ids.length)];
            if (id === undefined) continue;
            boxes.remove(id);
            there.delete(id);
            throughout.delete(id);
          }
        }
        while (!ended) page();
        database.close();
        const ids = seen.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect([...throughout].filter((id) => !ids.includes(id))).toEqual([]);
        const order = seen.map(({ createdAt, id }) => `${`${createdAt}`.padStart(3, '0')} ${id}`);
        expect(order).toEqual(order.toSorted());
      },
    ),
    { numRuns: 150 },
  );
});

test('boxes with much text come on small pages, and all of them', () => {
  const { boxes } = records();
  for (let id = 0; id < 40; id++) boxes.insert({ ...box(id, 7), options: { cmd: ['x'.repeat(2 ** 20)] } });
  let listed = 0;
  for (let token: string | undefined, more = true; more; ) {
    const page = boxes.list('default', { ...(token !== undefined && { pageToken: token }) });
    expect(JSON.stringify(page).length).toBeLessThan(2 ** 22);
    listed += page.records.length;
    token = page.nextPageToken;
    more = token !== undefined;
  }
  expect(listed).toBe(40);
});

test('a page token of another form is refused', () => {
  const { boxes } = records();
  for (const text of ['', 'after:1', 'after:x:00000000000000000000000001', 'after:1:short', 'nonsense']) {
    const pageToken = Buffer.from(text).toString('base64url');
    expect(() => boxes.list('default', { pageToken })).toThrow('pageToken');
  }
});
