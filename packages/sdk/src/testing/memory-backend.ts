import type { BoxBackend, ExecutionBackend, OutputChunk, RuntimeBackend } from '../backend/backend.ts';
import type { ExecOptions } from '../backend/box-options.ts';
import type { BoxInfo, ExecutionInfo } from '../backend/info.ts';
import { AlreadyExistsError, InvalidStateError, NotFoundError, UnsupportedError } from '../errors.ts';
import { tarFiles } from '../rest/tar-files.ts';

/** A program of the memory backend: what it writes, and how it ends. */
export interface Program {
  readonly chunks: readonly OutputChunk[];
  readonly end: Partial<ExecutionInfo>;
  /** Ends only once stdin is closed. */
  readonly waitsForStdin?: boolean;
}

export interface MemoryBackend extends RuntimeBackend {
  readonly boxes: Map<string, BoxInfo>;
  /** What was asked, in order. */
  readonly calls: string[];
  /** Archives by the path they were uploaded to. */
  readonly uploads: Map<string, Uint8Array>;
  readonly archives: Map<string, Uint8Array>;
  readonly written: Uint8Array[];
  readonly signals: number[];
}

/** Rejects with the signal's reason once it aborts. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** A backend in memory for what the SDK does by itself: paging, decoding, checking. */
export function memoryBackend(
  program: (options: ExecOptions) => Program = () => ({ chunks: [], end: {} }),
): MemoryBackend {
  const boxes = new Map<string, BoxInfo>();
  const calls: string[] = [];
  const uploads = new Map<string, Uint8Array>();
  const archives = new Map<string, Uint8Array>();
  const written: Uint8Array[] = [];
  const signals: number[] = [];
  const find = (idOrName: string): BoxInfo | undefined =>
    boxes.get(idOrName) ?? [...boxes.values()].find((box) => box.name === idOrName);

  function execution(options: ExecOptions): ExecutionBackend {
    const { chunks, end, waitsForStdin } = program(options);
    const closed = Promise.withResolvers<void>();
    if (!waitsForStdin) closed.resolve();
    const info: ExecutionInfo = {
      id: 'e1',
      status: 'completed',
      exitCode: 0,
      signal: undefined,
      startedAt: new Date(0),
      durationMs: 5,
      errorMessage: undefined,
      ...end,
    };
    return {
      id: 'e1',
      info: async () => info,
      async *output({ from = { stdout: 0, stderr: 0 }, signal } = {}) {
        calls.push('output');
        for (const chunk of chunks) {
          signal?.throwIfAborted();
          if (chunk.offset >= from[chunk.stream]) yield chunk;
        }
        await Promise.race([closed.promise, aborted(signal)]);
      },
      async wait() {
        await closed.promise;
        return info;
      },
      async write(data) {
        if (end.errorMessage === 'stdin closed') throw new InvalidStateError('stdin is closed');
        written.push(data);
      },
      async closeStdin() {
        calls.push('closeStdin');
        closed.resolve();
      },
      stdinOffset: () => undefined,
      async signal(signal) {
        signals.push(signal);
        closed.resolve();
      },
      resize: async ({ cols, rows }) => void calls.push(`resize ${cols}x${rows}`),
      remove: async () => void calls.push('remove'),
      taken: () => ({ stdout: 0, stderr: 0 }),
      take: () => undefined,
    };
  }

  const files: Pick<BoxBackend, 'upload' | 'download'> = {
    async upload(tar, { path }) {
      uploads.set(path, await new Response(tar).bytes());
    },
    async download({ path }) {
      const archive = archives.get(path);
      if (archive === undefined) throw new NotFoundError(`no such path: ${path}`);
      return new Blob([new Uint8Array(archive)]).stream();
    },
  };

  function box(snapshot: BoxInfo): BoxBackend {
    return {
      id: snapshot.id,
      name: snapshot.name,
      snapshot,
      info: async () => snapshot,
      start: async () => snapshot,
      async stop() {
        calls.push(`stop ${snapshot.id}`);
        if (!boxes.has(snapshot.id)) throw new NotFoundError(`box not found: ${snapshot.id}`);
        return snapshot;
      },
      restart: async () => snapshot,
      pause: async () => snapshot,
      resume: async () => snapshot,
      async exec(options) {
        calls.push(`exec ${options.command}`);
        return execution(options);
      },
      executions: async () => [],
      main: () => Promise.reject(new UnsupportedError('no main command here')),
      async execution(id) {
        throw new NotFoundError(`execution not found: ${id}`);
      },
      ...files,
      files: tarFiles(files, Number.POSITIVE_INFINITY),
      metrics: () => Promise.reject(new UnsupportedError('no metrics here')),
      clone: () => Promise.reject(new UnsupportedError('no copies here')),
      export: async () => new Blob(['archive']).stream(),
      snapshots: {
        create: () => Promise.reject(new UnsupportedError('no snapshots here')),
        list: async () => [],
        get: async () => null,
        remove: async () => undefined,
        restore: async () => undefined,
      },
      networkEvents: async () => [],
      connect: () => Promise.reject(new UnsupportedError('no network here')),
    };
  }

  const create: RuntimeBackend['create'] = async (options, name) => {
    if (name !== undefined && find(name)) throw new AlreadyExistsError(`box already exists: ${name}`);
    const info: BoxInfo = {
      id: `box-${boxes.size}`,
      name,
      status: 'configured',
      createdAt: new Date(0),
      updatedAt: new Date(0),
      pid: undefined,
      image: options.image ?? 'alpine:latest',
      cpus: options.cpus ?? 1,
      memoryMib: options.memoryMib ?? 512,
      autoRemove: options.autoRemove ?? true,
      labels: options.labels ?? {},
      network: undefined,
    };
    boxes.set(info.id, info);
    return box(info);
  };

  return {
    boxes,
    calls,
    uploads,
    archives,
    written,
    signals,
    create,
    async getOrCreate(options, name) {
      const found = find(name);
      return found ? { box: box(found), created: false } : { box: await create(options, name), created: true };
    },
    async get(idOrName) {
      calls.push(`get ${idOrName}`);
      const found = find(idOrName);
      return found ? box(found) : null;
    },
    async list({ pageSize = 100, pageToken = '0' } = {}) {
      calls.push(`list ${pageSize} from ${pageToken}`);
      const next = Number(pageToken) + pageSize;
      const page = [...boxes.values()].slice(Number(pageToken), next);
      return { boxes: page, nextPageToken: next < boxes.size ? String(next) : undefined };
    },
    async remove(idOrName) {
      const found = find(idOrName);
      if (!found) throw new NotFoundError(`box not found: ${idOrName}`);
      boxes.delete(found.id);
    },
    metrics: () => Promise.reject(new UnsupportedError('no metrics here')),
    async *events({ after = '0' } = {}) {
      calls.push(`events after ${after}`);
      yield { type: 'open', id: after, at: new Date(0) };
    },
    check: async () => undefined,
    config: () => Promise.reject(new UnsupportedError('no config here')),
    images: {
      pull: () => Promise.reject(new UnsupportedError('no images here')),
      list: async () => ({ images: [], nextPageToken: undefined }),
      get: async () => null,
      remove: async () => undefined,
      prune: async () => ({ removed: [], freedBytes: 0 }),
      import: () => Promise.reject(new UnsupportedError('no images here')),
    },
    volumes: {
      create: () => Promise.reject(new UnsupportedError('no volumes here')),
      list: async () => [],
      get: async () => null,
      remove: async () => undefined,
    },
    async importBox(archive, name) {
      uploads.set('import', await new Response(archive).bytes());
      return create({}, name);
    },
    tenant: () => memoryBackend(program),
    shutdown: async () => void calls.push('shutdown'),
  };
}
