import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Boxlite, type RuntimeEvent } from 'boxlite';
import { expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';
import { baseImage, until } from './harness.ts';

interface Doomed extends AsyncDisposable {
  readonly runtime: Boxlite;
  /** SIGKILL, and a new server at the same place. */
  crash(): Promise<void>;
}

/** A client that stays the same, as its server is killed and comes again. */
async function doomed(): Promise<Doomed> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-streams-'));
  let server: ServerProcess = await startServer(home);
  const { port } = new URL(server.url);
  const runtime = Boxlite.rest(server.options);
  return {
    runtime,
    async crash() {
      await server.kill();
      server = await startServer(home, `--port=${port}`);
    },
    async [Symbol.asyncDispose]() {
      for (const { id } of await runtime.listInfo()) await runtime.remove(id, { force: true });
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const count = 300;
const lines = `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo line $i; sleep 0.01; done`;
const written = Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');

test('what a client reads goes on over the death of its server, without a byte or an event lost or doubled', {
  timeout: 60_000,
}, async () => {
  await using site = await doomed();
  const { runtime } = site;
  const box = await runtime.create({ image: baseImage, autoRemove: false }, 'one');
  const events: RuntimeEvent[] = [];
  const watching = new AbortController();
  const watched = (async () => {
    for await (const event of runtime.events({ signal: watching.signal })) events.push(event);
  })().catch((error: unknown) => error);
  await until('the events to open', () => events.length > 0);
  const ran = box.run('sh', ['-c', `echo once >> /ran; ${lines}`]);
  const execution = await box.exec('sh', ['-c', `${lines}; read word; echo $word; exit 7`]);
  const ended = execution.wait();
  let text = '';
  const read = (async () => {
    for await (const { data } of execution.output()) text += new TextDecoder().decode(data);
  })();
  for (const line of [50, 200]) {
    await until(`line ${line}`, () => text.includes(`line ${line}\n`), 20_000);
    await site.crash();
  }
  const writer = execution.stdin.getWriter();
  await writer.write(new TextEncoder().encode('said\n'));
  await read;
  expect(text).toBe(`${written}said\n`);
  expect(await ended).toMatchObject({ exitCode: 7 });
  expect(await ran).toMatchObject({ stdout: written, exitCode: 0, timedOut: false });
  expect(await box.run('cat', ['/ran'])).toMatchObject({ stdout: 'once\n' });
  await runtime.create({ image: baseImage, autoRemove: false }, 'two');
  await until('the event of the second box', () =>
    events.some((event) => 'boxName' in event && event.boxName === 'two'),
  );
  const ids = events.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(events.filter(({ type }) => type === 'open' || type === 'reset')).toHaveLength(1);
  watching.abort(new Error('enough'));
  expect(await watched).toMatchObject({ message: 'enough' });
});

test('what cannot go on after the death of its server ends in a typed error, and the next try passes', {
  timeout: 60_000,
}, async () => {
  await using site = await doomed();
  const { runtime } = site;
  const box = await runtime.create({ image: baseImage, autoRemove: false }, 'one');
  const names = async (): Promise<string> => (await box.run('ls', ['-A', '/'])).stdout;
  await box.run('sh', ['-c', 'head -c 200000000 /dev/zero > /big']);
  const before = await names();
  const server = await box.exec('sh', ['-c', 'while :; do nc -l -p 7777 -e cat; done']);
  const tunnel = await until('the port', () =>
    box.network
      .tunnel(7777)
      .connect()
      .catch(() => undefined),
  );
  const peer = tunnel.writable.getWriter();
  const heard = tunnel.readable.getReader();
  await peer.write(new TextEncoder().encode('echo'));
  expect(new TextDecoder().decode((await heard.read()).value)).toBe('echo');

  /** A stream that goes on until somebody has cancelled it. */
  const sent = { bytes: 0, cancelled: false };
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await delay(1);
      sent.bytes += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
    cancel() {
      sent.cancelled = true;
    },
  });
  const slow = (stream: ReadableStream<Uint8Array>): Promise<unknown> =>
    (async () => {
      for await (const _ of stream) await delay(5);
    })();
  const ends = [
    ['a tunnel that is read', heard.read()],
    ['an upload', box.files.write('/up', source)],
    ['a download of a file', slow(await box.files.readStream('/big'))],
    ['a download of a tree', slow(await box.download({ path: '/big' }))],
    ['an export', slow(await box.export())],
  ] as const;
  const outcomes = Promise.all(
    ends.map(async ([what, end]) => [
      what,
      await end.then(
        () => 'no error',
        (error: { code?: string }) => error.code,
      ),
    ]),
  );
  await until('the upload to be under way', () => sent.bytes > 5_000_000);
  await site.crash();
  expect(await outcomes).toEqual(ends.map(([what]) => [what, 'network_failed']));
  expect(sent.cancelled).toBe(true);
  await expect(peer.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'network_failed' });
  await expect(box.files.stat('/up')).rejects.toMatchObject({ code: 'not_found' });
  expect(await names()).toBe(before);
  await box.files.write('/up', 'whole');
  expect(await box.files.readText('/up')).toBe('whole');
  await server.kill();
});
