import { StorageError } from 'boxlite/backend';
import { expect, test } from 'vitest';
import { fileRecords } from './file-record.ts';

const record = (line: string, name: string | Buffer = 'name', target = ''): Buffer =>
  Buffer.concat([Buffer.from(`${line}\0`), Buffer.from(name), Buffer.from(`\0${target}\0`)]);

function told(...pieces: readonly Uint8Array[]): ReturnType<typeof fileRecords> {
  return fileRecords(
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    }),
  );
}

test('records are the same wherever they are cut, and what follows them is passed on', async () => {
  const whole = Buffer.concat([
    record('f 644 5 1000000000 999999999 0 7', 'file'),
    record('l 777 3 -1 0 1 2', Buffer.from([0xff, 0x41]), 'else/where'),
    Buffer.from('the rest\0as it is'),
  ]);
  for (let at = 0; at <= whole.length; at++) {
    const records = told(whole.subarray(0, at), whole.subarray(at));
    expect(await records.next()).toEqual({
      ...{ name: Buffer.from('file'), type: 'file', size: 5, mode: 0o644, uid: 0, gid: 7, target: undefined },
      modifiedAt: new Date(1_000_000_000_999),
    });
    expect(await records.next()).toMatchObject({
      ...{ name: Buffer.from([0xff, 0x41]), type: 'symlink', target: 'else/where', modifiedAt: new Date(-1000) },
    });
    expect(await new Response(records.rest()).text()).toBe('the rest\0as it is');
  }
});

test.each([
  ['', 'name'],
  ['x 644 5 0 0 0 0', 'name'],
  ['f 888 5 0 0 0 0', 'name'],
  ['f 77777 5 0 0 0 0', 'name'],
  ['f 644 -5 0 0 0 0', 'name'],
  ['f 644 99999999999999999999 0 0 0 0', 'name'],
  ['f 644 5 99999999999999999999 0 0 0', 'name'],
  ['f 644 5 0 0 0', 'name'],
  ['f 644 5 0 0 0 0', '../name'],
])('%j with the name %j is no record', async (line, name) => {
  await expect(told(record(line, name)).next()).rejects.toThrow(StorageError);
});

test.each([
  ['9223372036854775807 999999999', '9999-12-31T23:59:59.999Z'],
  ['253402300800 0', '9999-12-31T23:59:59.999Z'],
  ['253402300799 998000000', '9999-12-31T23:59:59.998Z'],
  ['-30610224001 0', '1000-01-01T00:00:00.000Z'],
  ['-9223372036854775808 0', '1000-01-01T00:00:00.000Z'],
])('the time %s is %s, also once HTTP has carried it', async (time, said) => {
  const { modifiedAt } = (await told(record(`f 644 5 ${time} 0 0`)).next()) ?? {};
  expect(modifiedAt?.toISOString()).toBe(said);
  expect(new Date(modifiedAt?.toUTCString() ?? '').toISOString().slice(0, 19)).toBe(said.slice(0, 19));
});

test('a record that is cut, or has no end, is none, and no more of it is held than a record may have', async () => {
  await expect(told(Buffer.from('f 644 5 0 0 0 0\0na')).next()).rejects.toThrow(StorageError);
  let asked = 0;
  const endless = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        asked++;
        controller.enqueue(new Uint8Array(1024).fill(0x61));
      },
    },
    { highWaterMark: 0 },
  );
  await expect(fileRecords(endless).next()).rejects.toThrow(StorageError);
  expect(asked).toBeLessThan(20);
  expect(await told().next()).toBeUndefined();
});

test.each([
  ['what is no record', 'nonsense\0\0\0'],
  ['a record without an end', 'f'.repeat(20_000)],
  ['a name with a slash', 'f 644 1 0 0 0 0\0a/b\0\0'],
  ['the directory above', 'd 755 1 0 0 0 0\0..\0\0'],
])('%s ends the telling: a box that goes on sending holds nothing on the host', async (_, sent) => {
  let left: unknown;
  const records = fileRecords(
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from(sent)),
      cancel: (reason) => {
        left = reason;
      },
    }),
  );
  const failure = await records.next().catch((error) => error);
  expect(failure).toMatchObject({ code: 'storage_failed' });
  expect(left).toBe(failure);
});
