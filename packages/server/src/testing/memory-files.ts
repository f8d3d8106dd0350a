import {
  AlreadyExistsError,
  boxliteError,
  type ErrorCode,
  type FileInfo,
  type FilesBackend,
  InvalidArgumentError,
  NotFoundError,
} from 'boxlite/backend';

const codes: readonly ErrorCode[] = [
  'image_failed',
  'invalid_state',
  'network_failed',
  'resource_exhausted',
  'storage_failed',
  'engine_failed',
  'timeout',
];

/** Fails as a path such as `/fails/timeout` says, so that each failure of a box can be had. */
function fail(path: string): void {
  const code = codes.find((one) => path === `/fails/${one}`);
  if (code !== undefined) throw boxliteError(code, `this path fails with ${code}`);
}

/** Files in memory: a path is a file, or a directory where its content is undefined. `/many/N` lists N entries. */
export function memoryFiles(): FilesBackend & { readonly contents: Map<string, Uint8Array | undefined> } {
  const contents = new Map<string, Uint8Array | undefined>([['/', undefined]]);
  const info = (path: string): FileInfo => {
    fail(path);
    if (!contents.has(path)) throw new NotFoundError(`no such path in the box: ${path}`);
    const content = contents.get(path);
    return entry(path.slice(path.lastIndexOf('/') + 1) || '/', content);
  };
  return {
    contents,
    async read(path, { offset = 0, length } = {}) {
      const { size, modifiedAt, type } = info(path);
      if (type !== 'file') throw new InvalidArgumentError(`${path} is a directory`);
      const part = (contents.get(path) ?? new Uint8Array()).slice(offset, length && offset + length);
      return { size, modifiedAt, stream: new Blob([part]).stream() };
    },
    async write(path, content, { overwrite = true } = {}) {
      fail(path);
      if (contents.has(path) && !overwrite) throw new AlreadyExistsError(`${path} exists already`);
      contents.set(path, await new Response(content).bytes());
    },
    async *list(path) {
      const many = Number(/^\/many\/(\d+)$/.exec(path)?.[1] ?? Number.NaN);
      for (let i = 0; i < many; i++) yield entry(`file-${i}`, new Uint8Array());
      if (!Number.isNaN(many)) return;
      if (info(path).type === 'file') throw new InvalidArgumentError(`${path} is a file, not a directory`);
      for (const name of contents.keys()) if (name !== '/' && name.startsWith(path)) yield info(name);
    },
    stat: async (path) => info(path),
    async remove(path) {
      info(path);
      contents.delete(path);
    },
    async mkdir(path) {
      fail(path);
      if (contents.has(path)) throw new AlreadyExistsError(`${path} exists already`);
      contents.set(path, undefined);
    },
  };
}

function entry(name: string, content: Uint8Array | undefined): FileInfo {
  return {
    name,
    nameBytes: undefined,
    type: content === undefined ? 'directory' : 'file',
    size: content?.length ?? 4096,
    mode: content === undefined ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    modifiedAt: new Date(0),
    target: undefined,
  };
}
