import { isUtf8 } from 'node:buffer';
import { type CallOptions, type FileInfo, type FilesBackend, StorageError } from 'boxlite/backend';
import type { GuestChannel } from '../guest/channel.ts';
import { fileRecords } from './file-record.ts';
import { absolute, receive, send } from './transfer.ts';

/** What the files of a box need of the box. */
export interface BoxFilesHome {
  /** Keeps the box from being stopped as idle until what it gives is called. */
  readonly use: () => () => void;
  readonly live: (call: CallOptions) => Promise<GuestChannel>;
  readonly nextNumber: () => number;
  readonly addBytesIn: (bytes: number) => void;
  readonly addBytesOut: (bytes: number) => void;
}

const flag = (value: boolean | undefined): string => (value === true ? '1' : '0');

/** The files of a box on this machine: each call is a builtin of its guest. */
export function boxFiles(home: BoxFilesHome): FilesBackend {
  async function ask(argv: readonly string[], call: CallOptions): Promise<ReadableStream<Uint8Array>> {
    const used = home.use();
    try {
      return await receive(await home.live(call), home.nextNumber(), argv, {
        signal: call.signal,
        onBytes: home.addBytesOut,
        onEnd: used,
      });
    } catch (error) {
      used();
      throw error;
    }
  }
  /** For what says nothing but that it is done. */
  async function act(argv: readonly string[], call: CallOptions): Promise<void> {
    const answer = (await ask(argv, call)).getReader();
    if ((await answer.read()).done) return;
    answer.cancel().catch(() => {});
    throw new StorageError(`the box answered ${argv[0]} in no way that its guest does; restart the box`);
  }

  return {
    async read(path, { offset = 0, length } = {}, call = {}) {
      const records = fileRecords(await ask(['file-read', absolute(path), `${offset}`, `${length ?? '-'}`], call));
      const found = await records.next();
      if (found === undefined) throw new StorageError(`the box told nothing of ${path}; restart the box`);
      const { size, modifiedAt } = found;
      const most = Math.max(0, Math.min(size - offset, length ?? Number.POSITIVE_INFINITY));
      return { size, modifiedAt, stream: exactly(records.rest(), most, path) };
    },

    async write(path, content, { mode, overwrite = true } = {}, call = {}) {
      const argv = ['file-write', absolute(path), mode === undefined ? '-' : mode.toString(8), flag(overwrite)];
      const stream = content instanceof Uint8Array ? new Blob([content]).stream() : content;
      const used = home.use();
      try {
        const channel = await home.live(call);
        // TERM, so that it takes away what it has written so far.
        home.addBytesIn(await send(channel, home.nextNumber(), argv, stream, { signal: call.signal, end: sigterm }));
      } finally {
        used();
      }
    },

    async *list(path, call = {}) {
      const records = fileRecords(await ask(['file-list', absolute(path)], call));
      try {
        for (let next = await records.next(); next; next = await records.next()) {
          if (next.name.length === 0) throw new StorageError(`the box listed ${path} with a name that is none`);
          yield { ...next, ...named(next.name) };
        }
      } finally {
        records.cancel();
      }
    },

    async stat(path, { followSymlinks } = {}, call = {}) {
      const records = fileRecords(await ask(['file-stat', absolute(path), flag(followSymlinks)], call));
      const found = await records.next();
      // To its end, which comes with it: one that is cut would be killed.
      if (found === undefined || (await records.next()) !== undefined) {
        records.cancel();
        throw new StorageError(`the box told nothing of ${path}; restart the box`);
      }
      const name = path.split('/').findLast((part) => part !== '' && part !== '.') ?? '/';
      return { ...found, name, nameBytes: undefined };
    },

    remove: (path, { recursive } = {}, call = {}) => act(['file-remove', absolute(path), flag(recursive)], call),

    mkdir: (path, { parents, mode = 0o755 } = {}, call = {}) =>
      act(['file-mkdir', absolute(path), flag(parents), mode.toString(8)], call),
  };
}

const sigterm = 15;

function named(name: Buffer): Pick<FileInfo, 'name' | 'nameBytes'> {
  return { name: name.toString(), nameBytes: isUtf8(name) ? undefined : new Uint8Array(name) };
}

/** The guest told how much there is: less or more than that is no content. */
function exactly(stream: ReadableStream<Uint8Array>, bytes: number, path: string): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let left = bytes;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        left -= value?.length ?? 0;
        if (left < 0 || (done && left > 0)) {
          reader.cancel().catch(() => {});
          throw new StorageError(`the box sent another size of ${path} than it said; restart the box`);
        }
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
