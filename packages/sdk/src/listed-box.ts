import type { BoxBackend, CallOptions, RuntimeBackend } from './backend/backend.ts';
import type { BoxInfo } from './backend/info.ts';
import { NotFoundError } from './errors.ts';

/** A box from a list: it is only looked up when it is first used, so that listing asks for pages and nothing else. */
export function listedBox(runtime: RuntimeBackend, snapshot: BoxInfo): BoxBackend {
  let found: Promise<BoxBackend> | undefined;
  const look = async (call: CallOptions | undefined): Promise<BoxBackend> => {
    const box = await runtime.get(snapshot.id, call);
    if (box === null) throw new NotFoundError(`box not found: ${snapshot.id} was removed since it was listed`);
    return box;
  };
  const box = async (call: CallOptions | undefined): Promise<BoxBackend> => {
    found ??= look(call);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
  return {
    id: snapshot.id,
    name: snapshot.name,
    snapshot,
    info: async (call) => (await box(call)).info(call),
    start: async (call) => (await box(call)).start(call),
    stop: async (options, call) => (await box(call)).stop(options, call),
    restart: async (options, call) => (await box(call)).restart(options, call),
    pause: async (call) => (await box(call)).pause(call),
    resume: async (call) => (await box(call)).resume(call),
    exec: async (options, call) => (await box(call)).exec(options, call),
    async run(options, call, left) {
      const known = await box(call);
      return known.run ? known.run(options, call, left) : known.exec(options, call);
    },
    executions: async (call) => (await box(call)).executions(call),
    main: async (call) => (await box(call)).main(call),
    execution: async (id, call) => (await box(call)).execution(id, call),
    files: {
      read: async (path, range, call) => (await box(call)).files.read(path, range, call),
      write: async (path, content, how, call) => (await box(call)).files.write(path, content, how, call),
      async *list(path, call) {
        yield* (await box(call)).files.list(path, call);
      },
      stat: async (path, how, call) => (await box(call)).files.stat(path, how, call),
      remove: async (path, how, call) => (await box(call)).files.remove(path, how, call),
      mkdir: async (path, how, call) => (await box(call)).files.mkdir(path, how, call),
    },
    upload: async (tar, options, call) => (await box(call)).upload(tar, options, call),
    download: async (options, call) => (await box(call)).download(options, call),
    metrics: async (call) => (await box(call)).metrics(call),
    clone: async (name, call) => (await box(call)).clone(name, call),
    export: async (call) => (await box(call)).export(call),
    snapshots: {
      create: async (name, call) => (await box(call)).snapshots.create(name, call),
      list: async (call) => (await box(call)).snapshots.list(call),
      get: async (name, call) => (await box(call)).snapshots.get(name, call),
      remove: async (name, call) => (await box(call)).snapshots.remove(name, call),
      restore: async (name, call) => (await box(call)).snapshots.restore(name, call),
    },
    networkEvents: async (options, call) => (await box(call)).networkEvents(options, call),
    connect: async (port, call) => (await box(call)).connect(port, call),
  };
}
