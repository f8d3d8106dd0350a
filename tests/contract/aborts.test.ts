import { getEventListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Box, Boxlite, Execution, Images, NotFoundError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseImage, eventually, onBothBackends, startedBox } from './harness.ts';

/** What a call has to work with; each is used once for what an abort may leave half done. */
interface Around {
  readonly runtime: Boxlite;
  readonly box: Box;
  /** One whose stop goes on where it was aborted. */
  readonly other: Box;
  readonly execution: Execution;
  readonly archive: Uint8Array;
}
type Call = (around: Around, signal: AbortSignal) => unknown;

const source = (bytes: Uint8Array): ReadableStream<Uint8Array> => new Blob([new Uint8Array(bytes)]).stream();
const drained = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of items);
};
const hostFile = join(tmpdir(), `boxlite-aborts-${process.pid}`);

/** Every call of the SDK that takes a signal, by its class: a method that is missing here fails. */
const calls: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  Boxlite: {
    create: ({ runtime }, signal) => runtime.create({ image: baseImage }, undefined, { signal }),
    getOrCreate: ({ runtime }, signal) => runtime.getOrCreate({ image: baseImage }, 'aborted', { signal }),
    get: ({ runtime, box }, signal) => runtime.get(box.id, { signal }),
    getInfo: ({ runtime, box }, signal) => runtime.getInfo(box.id, { signal }),
    exists: ({ runtime, box }, signal) => runtime.exists(box.id, { signal }),
    list: ({ runtime }, signal) => drained(runtime.list({ signal })),
    listInfo: ({ runtime }, signal) => runtime.listInfo({ signal }),
    remove: ({ runtime }, signal) => runtime.remove('nobody', { signal }),
    importBox: ({ runtime, archive }, signal) => runtime.importBox(source(archive), undefined, { signal }),
    metrics: ({ runtime }, signal) => runtime.metrics({ signal }),
    events: ({ runtime }, signal) => drained(runtime.events({ signal })),
    config: ({ runtime }, signal) => runtime.config({ signal }),
  },
  Box: {
    info: ({ box }, signal) => box.info({ signal }),
    start: ({ other }, signal) => other.start({ signal }),
    stop: ({ other }, signal) => other.stop({ signal }),
    restart: ({ other }, signal) => other.restart({ signal }),
    pause: ({ other }, signal) => other.pause({ signal }),
    resume: ({ other }, signal) => other.resume({ signal }),
    exec: ({ box }, signal) => box.exec('true', [], { signal }),
    run: ({ box }, signal) => box.run('sleep', ['9'], { signal }),
    execution: ({ box, execution }, signal) => box.execution(execution.id, { signal }),
    copyIn: ({ box }, signal) => box.copyIn(import.meta.filename, '/root/', { signal }),
    copyOut: ({ box }, signal) => box.copyOut('/bin', tmpdir(), { signal }),
    upload: ({ box, archive }, signal) => box.upload(source(archive), { path: '/root' }, { signal }),
    download: ({ box }, signal) => box.download({ path: '/bin' }, { signal }),
    metrics: ({ box }, signal) => box.metrics({ signal }),
    clone: ({ box }, signal) => box.clone({ signal }),
    export: ({ box }, signal) => box.export({ signal }),
    exportTo: ({ box }, signal) => box.exportTo(hostFile, { signal }),
  },
  files: {
    read: ({ box }, signal) => box.files.read('/etc/passwd', { signal }),
    write: ({ box }, signal) => box.files.write('/root/aborted', 'text', { signal }),
  },
  snapshots: {
    create: ({ box }, signal) => box.snapshots.create('aborted', { signal }),
    list: ({ box }, signal) => box.snapshots.list({ signal }),
    get: ({ box }, signal) => box.snapshots.get('nothing', { signal }),
    remove: ({ box }, signal) => box.snapshots.remove('nothing', { signal }),
    restore: ({ box }, signal) => box.snapshots.restore('nothing', { signal }),
  },
  network: {
    events: ({ box }, signal) => box.network.events({ signal }),
    tunnel: ({ box }, signal) => box.network.tunnel(81).connect({ signal }),
  },
  Execution: {
    output: ({ execution }, signal) => drained(execution.output({ signal })),
    wait: ({ execution }, signal) => execution.wait({ signal }),
    status: ({ execution }, signal) => execution.status({ signal }),
    signal: ({ execution }, signal) => execution.signal('SIGURG', { signal }),
    kill: ({ execution }, signal) => execution.kill({ signal }),
    remove: ({ execution }, signal) => execution.remove({ signal }),
    resize: ({ execution }, signal) => execution.resize({ cols: 80, rows: 24 }, { signal }),
  },
  images: {
    pull: ({ runtime }, signal) => runtime.images.pull('192.0.2.1/nothing:1', { signal }),
    list: ({ runtime }, signal) => runtime.images.list({ signal }),
    get: ({ runtime }, signal) => runtime.images.get(`sha256:${'0'.repeat(64)}`, { signal }),
    exists: ({ runtime }, signal) => runtime.images.exists(`sha256:${'0'.repeat(64)}`, { signal }),
  },
  volumes: {
    create: ({ runtime }, signal) => runtime.volumes.create(undefined, { signal }),
    list: ({ runtime }, signal) => runtime.volumes.list({ signal }),
    get: ({ runtime }, signal) => runtime.volumes.get('nothing', { signal }),
    remove: ({ runtime }, signal) => runtime.volumes.remove('nothing', { signal }),
  },
};

/** What takes no signal, or is not on both backends; each of those has tests of its own. */
const left: Readonly<Record<string, readonly string[]>> = {
  Boxlite: ['shutdown', 'me', 'constructor'],
  Box: ['constructor', 'executions', 'id', 'name'],
  Execution: ['constructor', 'id', 'stdin', 'stdout', 'stderr'],
  images: ['constructor', 'import', 'remove', 'prune'],
};

/** Calls that a local runtime answers without waiting for anything. */
const atOnce: ReadonlySet<string> = new Set([
  ...['get', 'getInfo', 'exists', 'list', 'listInfo', 'remove', 'metrics', 'config'].map((name) => `Boxlite.${name}`),
  ...['Box.info', 'Box.execution', 'Box.metrics', 'snapshots.list', 'snapshots.get', 'snapshots.restore'],
  ...['status', 'signal', 'kill', 'remove', 'resize'].map((name) => `Execution.${name}`),
  ...['images.list', 'images.get', 'images.exists'],
  ...['create', 'list', 'get', 'remove'].map((name) => `volumes.${name}`),
]);

test('every method of every class is in the table', () => {
  const names = (object: object): readonly string[] => Object.getOwnPropertyNames(object);
  const found = {
    Boxlite: Boxlite.prototype,
    Box: Box.prototype,
    Execution: Execution.prototype,
    images: Images.prototype,
  };
  for (const [name, prototype] of Object.entries(found)) {
    const covered = [...Object.keys(calls[name] ?? {}), ...(left[name] ?? [])];
    expect(covered.toSorted(), name).toEqual(names(prototype).toSorted());
  }
});

onBothBackends((runtime) => {
  let around: Around;
  beforeAll(async () => {
    const box = await startedBox(runtime());
    const archive = await new Response(await box.download({ path: '/etc/passwd' })).bytes();
    const execution = await box.exec('sleep', ['1000'], { tty: true });
    around = { runtime: runtime(), box, other: await startedBox(runtime()), execution, archive };
  });
  afterAll(async () => {
    // What nobody waited for may be there later, and one without a name goes by itself.
    const unlessGone = (error: unknown): void => expect(error).toBeInstanceOf(NotFoundError);
    for (const { id } of await runtime().listInfo()) await runtime().remove(id, { force: true }).catch(unlessGone);
    for (const { id } of await runtime().volumes.list()) await runtime().volumes.remove(id);
    await rm(hostFile, { force: true });
  });

  const table = Object.entries(calls).flatMap(([owner, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ what: `${owner}.${method}`, call })),
  );

  test.each(table)(
    '$what does not begin with a signal that is aborted, and rejects with its reason',
    async ({ call }) => {
      const reason = new Error('enough');
      const controller = new AbortController();
      controller.abort(reason);
      await expect((async () => call(around, controller.signal))()).rejects.toBe(reason);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    },
  );

  test.each(table)(
    '$what that is aborted under way rejects with the reason, and lets go of the signal',
    async (one) => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const under = (async () => one.call(around, controller.signal))();
      controller.abort(reason);
      const outcome = await under.then(
        () => undefined,
        (error: unknown) => error,
      );
      // What this machine does at once is done, or refused, before anyone can abort it.
      if (!(isLocal() && atOnce.has(one.what))) expect(outcome).toBe(reason);
      await eventually('the signal to be free', async () => getEventListeners(controller.signal, 'abort').length === 0);
    },
  );

  const isLocal = (): boolean => expect.getState().currentTestName?.includes('Boxlite.local()') ?? false;
});
