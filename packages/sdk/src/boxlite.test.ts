import { expect, it } from 'vitest';
import type { CallOptions } from './backend/backend.ts';
import { Boxlite } from './boxlite.ts';
import { InvalidArgumentError, NotFoundError } from './errors.ts';
import { memoryBackend } from './testing/memory-backend.ts';

async function withBoxes(count: number) {
  const backend = memoryBackend();
  const runtime = Boxlite.over(backend);
  for (let index = 0; index < count; index++) await runtime.create({}, `b${index}`);
  return { backend, runtime };
}

it('lists exactly the limit over several pages and asks for no more', async () => {
  const { backend, runtime } = await withBoxes(25);
  const names = (await Array.fromAsync(runtime.list({ limit: 15, pageSize: 10 }))).map((box) => box.name);
  expect(names).toEqual(Array.from({ length: 15 }, (_, index) => `b${index}`));
  expect(backend.calls).toEqual(['list 10 from 0', 'list 10 from 10']);
});

it('asks for no further page once the loop is left', async () => {
  const { backend, runtime } = await withBoxes(25);
  for await (const box of runtime.list({ pageSize: 5 })) if (box.name === 'b2') break;
  expect(backend.calls).toEqual(['list 5 from 0']);
});

it('looks a listed box up only when it is used', async () => {
  const { backend, runtime } = await withBoxes(2);
  const [first] = await Array.fromAsync(runtime.list());
  expect(backend.calls).toEqual(['list 100 from 0']);
  await first?.start();
  await first?.start();
  expect(backend.calls.filter((call) => call === 'get box-0')).toHaveLength(1);
});

it('says that a listed box is gone', async () => {
  const { runtime } = await withBoxes(1);
  const [box] = await Array.fromAsync(runtime.list());
  await runtime.remove('b0');
  await expect(box?.start()).rejects.toBeInstanceOf(NotFoundError);
});

it('gives null for what is missing and says whether a box exists', async () => {
  const { runtime } = await withBoxes(1);
  expect(await runtime.get('nobody')).toBeNull();
  expect(await runtime.getInfo('nobody')).toBeNull();
  expect(await runtime.exists('nobody')).toBe(false);
  expect(await runtime.exists('b0')).toBe(true);
  expect(await runtime.getOrCreate({}, 'b0')).toMatchObject({ created: false, box: { id: 'box-0' } });
});

it.each([
  ['cpus', { cpus: 0 }],
  ['cpus', { cpus: 1.5 }],
  ['memoryMib', { memoryMib: 64 }],
  ['diskSizeGb', { diskSizeGb: 0 }],
  ['image', { image: '' }],
  ['rootfsPath', { image: 'a', rootfsPath: '/r' }],
  ['env.A', { env: { A: 'nul\0' } }],
  ['env', { env: { 'A=B': 'x' } }],
  ['ports[0].guestPort', { ports: [{ guestPort: 0 }] }],
  ['volumes[0].guestPath', { volumes: [{ hostPath: '/h', guestPath: 'relative' }] }],
  ['user', { user: 'a:b:c' }],
])('refuses a bad %s and names it', async (field, options) => {
  const backend = memoryBackend();
  const error = await Boxlite.over(backend)
    .create(options)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidArgumentError);
  expect(String(error)).toContain(field);
  expect(backend.boxes.size).toBe(0);
});

it.each(['', '-x', 'a/b', 'x'.repeat(129)])('refuses the name %j', async (name) => {
  await expect(Boxlite.over(memoryBackend()).create({}, name)).rejects.toThrow(/name must be/);
});

it.each(['', '.', '..', 'a/b', 'a\0'])('refuses the id %j before it could change a path', async (id) => {
  await expect(Boxlite.over(memoryBackend()).get(id)).rejects.toThrow(/idOrName must be/);
});

it('shuts down when its block is left', async () => {
  const backend = memoryBackend();
  {
    await using runtime = Boxlite.over(backend);
    await runtime.list().next();
  }
  expect(backend.calls.at(-1)).toBe('shutdown');
});

it('leaves a page, or the next entry of a directory, that it waits for as soon as it is left', async () => {
  const backend = memoryBackend();
  const left: string[] = [];
  const waits = (what: string, signal: AbortSignal | undefined): Promise<never> =>
    new Promise((_, reject) => {
      const leave = (): void => {
        left.push(what);
        reject(signal?.reason);
      };
      if (signal?.aborted) leave();
      else signal?.addEventListener('abort', leave);
    });
  const made = await backend.create({}, undefined);
  const box = {
    ...made,
    files: {
      ...made.files,
      async *list(_path: string, call: CallOptions = {}) {
        yield await waits('directory', call.signal);
      },
    },
  };
  const runtime = Boxlite.over({
    ...backend,
    get: async () => box,
    list: (_options, call) => waits('page', call?.signal),
  });
  const directory = (await runtime.get('any'))?.files.list('/') ?? expect.fail('no box');
  for (const iterator of [runtime.list(), directory]) {
    const waiting = iterator.next();
    await iterator.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
  }
  expect(left).toEqual(['page', 'directory']);
});
