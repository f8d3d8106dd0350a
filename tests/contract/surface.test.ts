import { type Box, Boxlite, type CallOptions, type Execution } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

type Calls<T> = Readonly<Partial<Record<keyof T & string, (call: CallOptions & { signal: AbortSignal }) => unknown>>>;

/** Every method of an object, each with a signal; TypeScript refuses one that takes none. */
function calls(runtime: Boxlite, box: Box, execution: Execution): Readonly<Record<string, unknown>> {
  const { images, volumes } = runtime;
  const { files, snapshots, network } = box;
  const tar = (): ReadableStream<Uint8Array> => new Blob([]).stream();
  return {
    Boxlite: {
      create: (call) => runtime.create({ image: baseImage }, 'never', call),
      getOrCreate: (call) => runtime.getOrCreate({ image: baseImage }, 'never', call),
      get: (call) => runtime.get(box.id, call),
      getInfo: (call) => runtime.getInfo(box.id, call),
      exists: (call) => runtime.exists(box.id, call),
      list: (call) => Array.fromAsync(runtime.list({ limit: 3, pageSize: 2, ...call })),
      listInfo: (call) => runtime.listInfo(call),
      remove: (call) => runtime.remove(box.id, { force: true, ...call }),
      metrics: (call) => runtime.metrics(call),
      config: (call) => runtime.config(call),
      importBox: (call) => runtime.importBox(tar(), 'never', call),
      events: (call) => Array.fromAsync(runtime.events(call)),
      shutdown: (call) => runtime.shutdown({ timeoutMs: 1000, ...call }),
    } satisfies Calls<Boxlite>,
    Box: {
      info: (call) => box.info(call),
      start: (call) => box.start(call),
      stop: (call) => box.stop({ timeoutMs: 1000, ...call }),
      restart: (call) => box.restart({ timeoutMs: 1000, ...call }),
      pause: (call) => box.pause(call),
      resume: (call) => box.resume(call),
      exec: (call) => box.exec('true', [], call),
      run: (call) => box.run('true', [], call),
      executions: (call) => box.executions(call),
      execution: (call) => box.execution(execution.id, call),
      copyIn: (call) => box.copyIn(tar(), '/srv', call),
      copyOut: (call) => box.copyOut('/etc', new WritableStream(), call),
      upload: (call) => box.upload(tar(), { path: '/srv' }, call),
      download: (call) => box.download({ path: '/etc' }, call),
      metrics: (call) => box.metrics(call),
      clone: (call) => box.clone(call, 'never'),
      export: (call) => box.export(call),
      exportTo: (call) => box.exportTo('/tmp/never.boxlite', call),
    } satisfies Calls<Box>,
    files: {
      read: (call) => files.read('/etc/passwd', call),
      readText: (call) => files.readText('/etc/passwd', call),
      readStream: (call) => files.readStream('/etc/passwd', call),
      write: (call) => files.write('/srv/never', '', call),
      list: (call) => Array.fromAsync(files.list('/', call)),
      stat: (call) => files.stat('/', call),
      remove: (call) => files.remove('/etc', { recursive: true, ...call }),
      mkdir: (call) => files.mkdir('/srv/never', call),
    } satisfies Calls<Box['files']>,
    snapshots: {
      create: (call) => snapshots.create('never', call),
      list: (call) => snapshots.list(call),
      get: (call) => snapshots.get('never', call),
      remove: (call) => snapshots.remove('never', call),
      restore: (call) => snapshots.restore('never', call),
    } satisfies Calls<Box['snapshots']>,
    network: {
      events: (call) => network.events(call),
      tunnel: (call) => network.tunnel(80).connect(call),
    } satisfies Calls<Box['network']>,
    Execution: {
      output: (call) => Array.fromAsync(execution.output({ from: { stdout: 0, stderr: 0 }, ...call })),
      wait: (call) => execution.wait(call),
      status: (call) => execution.status(call),
      signal: (call) => execution.signal('SIGTERM', call),
      kill: (call) => execution.kill(call),
      resize: (call) => execution.resize({ cols: 80, rows: 24 }, call),
      remove: (call) => execution.remove(call),
    } satisfies Calls<Execution>,
    images: {
      pull: (call) => images.pull(baseImage, { onProgress: () => {}, ...call }),
      list: (call) => images.list(call),
      get: (call) => images.get('sha256:0', call),
      exists: (call) => images.exists('sha256:0', call),
      remove: (call) => images.remove(baseImage, call),
      prune: (call) => images.prune(call),
      import: (call) => images.import(tar(), 'never', call),
    } satisfies Calls<Boxlite['images']>,
    volumes: {
      create: (call) => volumes.create('never', call),
      list: (call) => volumes.list(call),
      get: (call) => volumes.get('never', call),
      remove: (call) => volumes.remove('never', { force: true, ...call }),
    } satisfies Calls<Boxlite['volumes']>,
  };
}

/** The methods of an object, as it is and not as its type says. */
function methodsOf(object: object): string[] {
  const names = [object, Object.getPrototypeOf(object)].flatMap((one) =>
    one === Object.prototype ? [] : Object.entries(Object.getOwnPropertyDescriptors(one)),
  );
  return names
    .flatMap(([name, { value }]) => (typeof value === 'function' && name !== 'constructor' ? [name] : []))
    .toSorted();
}

onBothBackends((runtime) => {
  let box: Box;
  let execution: Execution;
  beforeAll(async () => {
    box = await startedBox(runtime());
    execution = await box.exec('sleep', ['600']);
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
  });

  test('every method that there is takes a signal, and what it is aborted with comes back', async () => {
    const all = calls(runtime(), box, execution);
    const objects = { Boxlite: runtime(), Box: box, Execution: execution, ...runtime(), ...box };
    const reason = new Error('left before');
    const signal = AbortSignal.abort(reason);
    for (const [name, methods] of Object.entries(all)) {
      const object: unknown = Object.entries(objects).find(([key]) => key === name)?.[1];
      // What needs an account is told of below.
      const known = Object.keys(Object(methods)).toSorted();
      expect(methodsOf(Object(object)).filter((one) => one !== 'me')).toEqual(known);
      for (const [method, call] of Object.entries(Object(methods))) {
        if (typeof call !== 'function') throw new Error(`${name}.${method} is no call`);
        const outcome = await Promise.resolve(call({ signal })).then(
          () => 'nothing was thrown',
          (error: unknown) => error,
        );
        expect(outcome, `${name}.${method}`).toBe(reason);
      }
    }
    // None of them was done.
    expect(await runtime().get('never')).toBeNull();
    expect(await box.info()).toMatchObject({ status: 'running' });
    expect(await execution.status()).toMatchObject({ status: 'running' });
    expect((await box.files.stat('/etc/passwd')).type).toBe('file');
  });

  test('the members that are no calls are there', async () => {
    expect(box).toMatchObject({ id: expect.stringMatching(/./), name: undefined });
    expect(execution).toMatchObject({
      stdin: expect.any(WritableStream),
      stdout: expect.any(ReadableStream),
      stderr: expect.any(ReadableStream),
    });
    expect(typeof runtime()[Symbol.asyncDispose]).toBe('function');
    expect(typeof box[Symbol.asyncDispose]).toBe('function');
    await execution.stdout.cancel();
    await execution.stderr.cancel();
  });
});

test('opening a runtime takes a signal', async () => {
  const reason = new Error('left before');
  await expect(Boxlite.local({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('who one is, and keys, are of a server, and take a signal', async () => {
  const reason = new Error('left before');
  const signal = AbortSignal.abort(reason);
  const runtime = Boxlite.rest({ url: 'http://127.0.0.1:9' });
  await expect(runtime.me({ signal })).rejects.toBe(reason);
  expect(methodsOf(runtime.apiKeys)).toEqual(['create', 'list', 'revoke']);
  await expect(runtime.apiKeys.list({ signal })).rejects.toBe(reason);
  await expect(runtime.apiKeys.create('never', { signal })).rejects.toBe(reason);
  await expect(runtime.apiKeys.revoke('never', { signal })).rejects.toBe(reason);
});
