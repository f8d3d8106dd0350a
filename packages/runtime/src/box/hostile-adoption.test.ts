import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectGuest } from '../guest/connect-guest.ts';
import { ulid } from '../id/ulid.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { openStore } from '../store/store.ts';
import { BoxExecutions } from './box-executions.ts';

function frame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt8(type, 8);
  return Buffer.concat([head, payload]);
}

function listed(tags: readonly string[]): Buffer {
  const rows = tags.map((tag, i) => {
    const row = Buffer.alloc(8 + tag.length + 41);
    row.writeUInt32LE(i + 1, 0);
    row.writeUInt32LE(tag.length, 4);
    row.write(tag, 8);
    row.writeUInt8(1, 8 + tag.length);
    return row;
  });
  const count = Buffer.alloc(4);
  count.writeUInt32LE(tags.length);
  return frame(73, Buffer.concat([count, ...rows]));
}

/** A guest whose box has taken it over: it lists executions under tags of its choice. */
async function hostileGuest(socketPath: string, tags: readonly string[]): Promise<void> {
  const hello = Buffer.alloc(12);
  hello.writeUInt32LE(1, 0);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(frame(65, hello));
    socket.once('data', () => socket.write(listed(tags)));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
}

const record = (id: string): BoxRecord => ({
  id,
  tenant: 'default',
  name: undefined,
  status: 'running',
  createdAt: 0,
  updatedAt: 0,
  image: 'x',
  imageId: undefined,
  options: {},
  rootfs: { path: '/' },
  defaults: { env: {}, workingDir: '', user: '', entrypoint: [], cmd: [] },
  detached: true,
  pid: undefined,
  timing: undefined,
  counters: { commands: 0, execErrors: 0, bytesIn: 0, bytesOut: 0 },
  history: {},
});

test('tags that a hostile box gives its executions reach neither files outside of it nor executions of others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'boxlite-hostile-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const store = openStore(join(folder, 'boxlite.db'));
  onTestFinished(() => store.close());
  const [box, other, theirs, mine] = [ulid(), ulid(), ulid(), ulid()];
  for (const id of [box, other]) store.boxes.insert(record(id));
  const started = { number: 1, command: ['true'], tty: false, startedAt: 1, output: undefined, exit: undefined };
  store.executions.insert({ ...started, id: theirs, boxId: other });
  store.executions.insert({ ...started, id: mine, boxId: box });
  const victim = join(folder, 'victim.log');
  writeFileSync(victim, 'precious');
  const socketPath = join(folder, 'guest.sock');
  await hostileGuest(socketPath, ['../../victim', '', '/etc/x', theirs, 'transfer', 'transfer']);
  const executions = new BoxExecutions({
    record: record(box),
    store,
    folder: join(folder, 'box'),
    outputLimitBytes: 1e9,
    use: () => () => {},
  });
  const channel = await connectGuest(socketPath);
  await executions.adopt(channel);
  executions.endAll('lost', 'the test is over');
  channel.close();
  store.later.flush();
  expect(readFileSync(victim, 'utf8')).toBe('precious');
  expect(readdirSync(folder).filter((name) => name.endsWith('.log'))).toEqual(['victim.log']);
  expect(store.executions.get(other, theirs)?.exit).toBeUndefined();
  expect(store.executions.get(box, mine)?.exit).toMatchObject({
    status: 'lost',
    errorMessage: 'the guest does not know it',
  });
});
