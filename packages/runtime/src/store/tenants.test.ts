import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AlreadyExistsError } from 'boxlite/backend';
import { expect, onTestFinished, test } from 'vitest';
import { imageRecords } from '../images/records.ts';
import { snapshotRecords } from '../snapshot/snapshot-records.ts';
import { volumeRecords } from '../volume/volume-records.ts';
import type { BoxRecord } from './box-records.ts';
import { newBoxRecord } from './new-box-record.ts';
import { openStore } from './store.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'boxlite-tenants-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function box(tenant: string, name: string | undefined, imageId?: string): BoxRecord {
  const defaults = { env: {}, workingDir: '', user: '', entrypoint: [], cmd: [] };
  return newBoxRecord({
    ...{ tenant, name, detachAll: false, image: 'x', imageId },
    ...{ rootfs: { path: '/' }, defaults, options: {} },
  });
}

test('two tenants have a box of one name; neither finds, lists or counts the other’s', () => {
  const store = openStore(join(folder(), 'boxlite.db'));
  onTestFinished(() => store.close());
  const [mine, theirs] = [box('a', 'web', 'sha256:1'), box('b', 'web', 'sha256:2')];
  store.boxes.insert(mine);
  store.boxes.insert(theirs);
  expect(() => store.boxes.insert(box('a', 'web'))).toThrow(AlreadyExistsError);
  expect(store.boxes.get('a', 'web')?.id).toBe(mine.id);
  expect(store.boxes.get('b', 'web')?.id).toBe(theirs.id);
  expect(store.boxes.get('a', theirs.id)).toBeUndefined();
  expect(store.boxes.list('a', {}).records.map(({ id }) => id)).toEqual([mine.id]);
  expect([store.boxes.count('a'), store.boxes.count('c')]).toEqual([1, 0]);
  store.boxes.update(theirs.id, { status: 'running', pid: 1 });
  expect([store.boxes.numRunning('a'), store.boxes.numRunning('b')]).toEqual([0, 1]);
  expect(store.boxes.usesImage('sha256:2')).toBe(true);
  expect(store.boxes.usesImage('sha256:2', 'a')).toBe(false);
  store.counters.add('a', 'commands', 3);
  expect([store.counters.get('a', 'commands'), store.counters.get('b', 'commands')]).toEqual([3, 0]);
});

// What the version before tenants left, to the letter.
const former = `
CREATE TABLE boxes (
  id TEXT PRIMARY KEY, name TEXT UNIQUE, status TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  image TEXT NOT NULL, image_id TEXT, options TEXT NOT NULL, labels TEXT NOT NULL, rootfs TEXT NOT NULL,
  defaults TEXT NOT NULL, detached INTEGER NOT NULL, pid INTEGER, timing TEXT, commands INTEGER NOT NULL DEFAULT 0,
  exec_errors INTEGER NOT NULL DEFAULT 0, bytes_in INTEGER NOT NULL DEFAULT 0, bytes_out INTEGER NOT NULL DEFAULT 0,
  history TEXT NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;
CREATE TABLE executions (
  id TEXT PRIMARY KEY, box_id TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE, number INTEGER NOT NULL,
  command TEXT NOT NULL, tty INTEGER NOT NULL, started_at INTEGER NOT NULL, exit TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX executions_by_box ON executions (box_id, id);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE volumes (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE images (
  digest TEXT PRIMARY KEY, config TEXT NOT NULL, chains TEXT NOT NULL, size_bytes INTEGER NOT NULL,
  details TEXT NOT NULL DEFAULT '{}', used_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE image_names (
  reference TEXT PRIMARY KEY, digest TEXT NOT NULL REFERENCES images (digest), cached_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX image_names_by_digest ON image_names (digest, reference);
CREATE TABLE snapshots (
  id TEXT PRIMARY KEY, box_id TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE, name TEXT NOT NULL,
  created_at INTEGER NOT NULL, container_disk_bytes INTEGER NOT NULL, size_bytes INTEGER NOT NULL, UNIQUE (box_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO boxes (id, name, status, created_at, updated_at, image, options, labels, rootfs, defaults, detached, commands)
  VALUES ('B1', 'web', 'stopped', 1, 2, 'x', '{"labels":{"a":"b"}}', '{"a":"b"}', '{"path":"/"}', '{}', 1, 7);
INSERT INTO executions VALUES ('E1', 'B1', 1, '["true"]', 0, 3, '{"status":"completed","exitCode":0}');
INSERT INTO counters VALUES ('boxes_created', 5);
INSERT INTO volumes VALUES ('V1', 'data', 1, NULL);
INSERT INTO images (digest, config, chains, size_bytes) VALUES ('sha256:1', '{}', '[]', 0);
INSERT INTO image_names VALUES ('docker.io/library/alpine:latest', 'sha256:1', 9);
INSERT INTO snapshots VALUES ('S1', 'B1', 'before', 1, 1, 1);
PRAGMA user_version = 2;
`;

test('a home from before tenants keeps everything, for the tenant default, and what refers to a box still goes with it', () => {
  const path = join(folder(), 'boxlite.db');
  const old = new DatabaseSync(path);
  old.exec(former);
  old.close();
  for (let time = 0; time < 2; time++) {
    const store = openStore(path);
    const { database, boxes, executions, counters } = store;
    expect(boxes.get('default', 'web')).toMatchObject({ id: 'B1', tenant: 'default', counters: { commands: 7 } });
    expect(boxes.list('default', { labels: { a: 'b' } }).records).toHaveLength(1);
    expect(boxes.get('other', 'web')).toBeUndefined();
    expect(executions.get('B1', 'E1')?.exit).toMatchObject({ status: 'completed' });
    expect(counters.get('default', 'boxes_created')).toBe(5);
    expect(volumeRecords(database).get('default', 'data')?.id).toBe('V1');
    expect(volumeRecords(database).list('other')).toEqual([]);
    expect(imageRecords(database).names('default', 'sha256:1')).toHaveLength(1);
    expect(imageRecords(database).page('other', '', 10)).toEqual([]);
    expect(snapshotRecords(database).get('B1', 'before')?.id).toBe('S1');
    store.close();
  }
  const store = openStore(path);
  onTestFinished(() => store.close());
  const snapshots = snapshotRecords(store.database);
  store.boxes.insert(box('other', 'web'));
  store.boxes.remove('B1');
  expect(store.executions.get('B1', 'E1')).toBeUndefined();
  expect(snapshots.get('B1', 'before')).toBeUndefined();
});
