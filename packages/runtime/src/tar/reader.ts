import { type ByteSource, byteSource } from './byte-source.ts';
import { blockSize, parseHeader, type TarHeader } from './header.ts';
import { parsePax } from './pax.ts';
import { TarError } from './tar-error.ts';

export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

/** What is known of an entry beside its content. Names are byte strings: one character for each byte, as they came. */
export interface TarEntry {
  readonly path: string;
  readonly type: TarEntryType;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 unless a file. */
  readonly size: number;
  /** Seconds since the epoch, with a fraction where the archive has one. */
  readonly mtime: number;
  /** Target of a symlink, or path in the archive of a hard link's target. */
  readonly linkPath: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** An entry as it is read; `body` gives exactly `size` bytes and may be left unread or half read. */
export interface TarReadEntry extends TarEntry {
  readonly body: AsyncIterable<Uint8Array>;
}

/** Most bytes of one pax or GNU long-name header: names, and extended attributes that are read over. */
const maxExtendedBytes = 4 * 1024 * 1024;

const types: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/**
 * Reads a tar stream: ustar, GNU long names and base-256 numbers, pax. Throws `TarError` for what is malformed, cut
 * short or sparse. Bytes after the end mark are read to the end of the stream, so that a digest covers them all.
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarReadEntry, void, undefined> {
  const source = byteSource(chunks);
  try {
    yield* readEntries(source);
  } finally {
    await source.close();
  }
}

async function* readEntries(source: ByteSource): AsyncGenerator<TarReadEntry, void, undefined> {
  const global = new Map<string, string>();
  let local = new Map<string, string>();
  for (;;) {
    const block = await source.take(blockSize);
    if (block.length === 0) {
      // GNU tar accepts a missing end mark, but an empty stream is no archive.
      if (source.position === 0) throw new TarError('not a tar archive: it is empty');
      return;
    }
    if (block.length < blockSize) throw new TarError('the tar archive is cut short in a header');
    const header = parseHeader(block);
    if (header === null) break;
    switch (header.typeflag) {
      case 'x':
        local = new Map([...local, ...parsePax(await extended(source, header))]);
        continue;
      case 'g':
        for (const [key, value] of parsePax(await extended(source, header))) global.set(key, value);
        continue;
      case 'L':
        local.set('path', untilZero(await extended(source, header)));
        continue;
      case 'K':
        local.set('linkpath', untilZero(await extended(source, header)));
        continue;
    }
    const entry = describe(header, new Map([...global, ...local]));
    local = new Map();
    const stored = entry.type === 'file' ? entry.size : 0;
    let left = stored;
    const body = (async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      while (left > 0) {
        const piece = await source.some(left);
        if (piece.length === 0) throw new TarError(`the tar archive is cut short in ${entry.path}`);
        left -= piece.length;
        yield piece;
      }
    })();
    yield { ...entry, body };
    await skip(source, left + padding(stored), entry.path);
  }
  while ((await source.some(Number.MAX_SAFE_INTEGER)).length > 0);
}

function describe(header: TarHeader, records: ReadonlyMap<string, string>): TarEntry {
  const path = records.get('path') ?? header.name;
  const sparse = header.typeflag === 'S' || [...records.keys()].some((key) => key.startsWith('GNU.sparse.'));
  if (sparse) throw new TarError(`${path} is a sparse file, which is not supported; pack it without --sparse`);
  const known = types[header.typeflag];
  if (known === undefined) {
    throw new TarError(`${path} has the unknown entry type ${JSON.stringify(header.typeflag)}`);
  }
  // Before POSIX, a directory was a file whose name ends in a slash.
  const type = known === 'file' && path.endsWith('/') ? 'directory' : known;
  if (path === '' || path.includes('\0')) throw new TarError('an entry has no usable name');
  return {
    path,
    type,
    mode: header.mode,
    uid: count(records.get('uid'), header.uid, path),
    gid: count(records.get('gid'), header.gid, path),
    size: type === 'file' ? count(records.get('size'), header.size, path) : 0,
    mtime: seconds(records.get('mtime'), header.mtime),
    linkPath: records.get('linkpath') ?? header.linkName,
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
  };
}

function count(text: string | undefined, otherwise: number, path: string): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw new TarError(`${path} has a malformed pax header`);
  return value;
}

function seconds(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text === undefined || text === '' || !Number.isFinite(value) ? otherwise : value;
}

async function extended(source: ByteSource, header: TarHeader): Promise<Uint8Array> {
  if (header.size > maxExtendedBytes) throw new TarError('an extended header is larger than 4 MiB');
  const bytes = await source.take(header.size);
  if (bytes.length < header.size) throw new TarError('the tar archive is cut short in an extended header');
  await skip(source, padding(header.size), 'an extended header');
  return bytes;
}

async function skip(source: ByteSource, size: number, path: string): Promise<void> {
  for (let left = size; left > 0; ) {
    const piece = await source.some(left);
    if (piece.length === 0) throw new TarError(`the tar archive is cut short in ${path}`);
    left -= piece.length;
  }
}

function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function untilZero(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '');
}
