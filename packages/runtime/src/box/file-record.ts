import { type FileInfo, type FileType, StorageError } from 'boxlite/backend';

/** What a file is, as a guest tells it: three texts, each with a NUL after it. See guest/file.h. */
export interface FileRecords {
  /** The next one; undefined at the end. `StorageError` for what is none. */
  next(): Promise<(Omit<FileInfo, 'name' | 'nameBytes'> & { readonly name: Buffer }) | undefined>;
  /** What follows the last one as it is. */
  rest(): ReadableStream<Uint8Array>;
  /** Ends the telling. */
  cancel(): void;
}

/** Two paths and a line of numbers: a box that sends more without an end sends no record. */
const mostBytes = 16 * 1024;

const types: Readonly<Record<string, FileType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  p: 'pipe',
  s: 'socket',
  c: 'character_device',
  b: 'block_device',
};

const shape = /^([fdlpscb]) ([0-7]{1,4}) (\d{1,19}) (-?\d{1,19}) (\d{1,9}) (\d{1,10}) (\d{1,10})$/;

/** In ms: years of four digits, as RFC 3339 and HTTP write them. A box can give a file any number of 64 bits as its time. */
const [earliest, latest] = [Date.parse('1000-01-01T00:00:00.000Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** Reads records from what a box sends, which may be anything. */
export function fileRecords(stream: ReadableStream<Uint8Array>): FileRecords {
  const reader = stream.getReader();
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const { done, value } = await reader.read();
    if (done) return false;
    held = held.length === 0 ? Buffer.from(value) : Buffer.concat([held, value]);
    return true;
  }
  const cancel = (reason?: unknown): void => void reader.cancel(reason).catch(() => {});
  async function next(): ReturnType<FileRecords['next']> {
    for (;;) {
      const first = held.indexOf(0);
      const second = first === -1 ? -1 : held.indexOf(0, first + 1);
      const third = second === -1 ? -1 : held.indexOf(0, second + 1);
      if (third !== -1 && third < mostBytes) {
        const [line, name, target] = [
          held.subarray(0, first),
          held.subarray(first + 1, second),
          held.subarray(second + 1, third),
        ];
        held = held.subarray(third + 1);
        return parsed(line.toString('latin1'), name, target);
      }
      if (held.length >= mostBytes) throw notOne();
      if (!(await more())) {
        if (held.length > 0) throw notOne();
        return undefined;
      }
    }
  }
  return {
    async next() {
      try {
        return await next();
      } catch (error) {
        // Nobody reads on, and a box that goes on sending would be held for it.
        cancel(error);
        throw error;
      }
    },
    rest: () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            if (held.length > 0 || (await more())) {
              controller.enqueue(new Uint8Array(held));
              held = Buffer.alloc(0);
            } else controller.close();
          },
          cancel,
        },
        { highWaterMark: 0 },
      ),
    cancel: () => cancel(),
  };
}

function notOne(): StorageError {
  return new StorageError('the box told of a file in no way that its guest has; restart the box');
}

function parsed(line: string, name: Buffer, target: Buffer): Awaited<ReturnType<FileRecords['next']>> {
  const [, letter = '', mode = '', size, seconds, nanoseconds, uid, gid] = shape.exec(line) ?? [];
  const type = types[letter];
  const modifiedMs = Number(seconds) * 1000 + Math.floor(Number(nanoseconds) / 1e6);
  // Programs make paths of names: none leads elsewhere.
  if (type === undefined || name.includes(0x2f) || /^\.\.?$/.test(name.toString('latin1'))) throw notOne();
  return {
    name,
    type,
    size: Number(size),
    mode: Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    modifiedAt: new Date(Math.min(Math.max(modifiedMs, earliest), latest)),
    target: type === 'symlink' ? target.toString() : undefined,
  };
}
