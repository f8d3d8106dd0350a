import { InvalidArgumentError, NetworkError, UnsupportedError } from '../errors.ts';
import { type ByteReader, byteReader } from './byte-reader.ts';
import { blockSize, paddingAfter, type TarEntryType, type TarHeader } from './entry.ts';
import { decodeHeader } from './header.ts';

/** An entry as it is read; content that the caller leaves unread is skipped. */
export interface UnpackedEntry {
  readonly header: TarHeader;
  readonly content: AsyncGenerator<Uint8Array, void, undefined>;
}

const types: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
};
/** Names and pax records are kept in memory, so an archive may not make them as long as it likes. */
const longestMetadata = 1024 * 1024;
const decoder = new TextDecoder();

const cutOff = (): Error => new NetworkError('the tar archive ends in the middle of an entry; copy again');

/** Reads a tar stream (ustar, pax, GNU long names) entry by entry with flat memory; leaving the loop cancels the stream. */
export async function* unpackTar(stream: ReadableStream<Uint8Array>): AsyncGenerator<UnpackedEntry, void, undefined> {
  const reader = byteReader(stream, cutOff);
  let ended = false;
  try {
    let pax = new Map<string, string>();
    for (;;) {
      const block = await reader.exactly(blockSize);
      if (block === undefined) throw cutOff();
      const raw = decodeHeader(block);
      if (raw === undefined) break;
      if (raw.flag === 'x' || raw.flag === 'g' || raw.flag === 'L' || raw.flag === 'K') {
        const body = await metadata(reader, raw.size);
        if (raw.flag === 'x') for (const [key, value] of paxRecords(body)) pax.set(key, value);
        if (raw.flag === 'L') pax.set('path', untilNul(body));
        if (raw.flag === 'K') pax.set('linkpath', untilNul(body));
        continue;
      }
      const header = finalHeader(raw, pax);
      pax = new Map();
      const content: Content = { left: header.size };
      yield { header, content: read(reader, content) };
      await skip(reader, content.left + paddingAfter(header.size));
    }
    // What follows the end mark is padding: read it, so that the connection can be used again.
    while ((await reader.some(65_536)) !== undefined);
    ended = true;
  } finally {
    if (!ended) await reader.cancel().catch(() => undefined);
  }
}

function finalHeader(raw: NonNullable<ReturnType<typeof decodeHeader>>, pax: ReadonlyMap<string, string>): TarHeader {
  const name = pax.get('path') ?? raw.name;
  // Old archives mark a directory only by its name.
  const type = types[raw.flag] === 'file' && name.endsWith('/') ? 'directory' : types[raw.flag];
  if (type === undefined || pax.has('GNU.sparse.major') || pax.has('GNU.sparse.map')) {
    throw new UnsupportedError(`${name}: this kind of tar entry is not copied (type ${JSON.stringify(raw.flag)})`);
  }
  const size = paxNumber(pax, 'size') ?? raw.size;
  if (!Number.isSafeInteger(size))
    throw new InvalidArgumentError(`${name}: its size in the tar archive is out of range`);
  const linkName = pax.get('linkpath') ?? raw.linkName;
  return {
    name,
    type,
    size: type === 'file' ? size : 0,
    mode: raw.mode & 0o7777,
    mtimeMs: (paxNumber(pax, 'mtime') ?? raw.mtime) * 1000,
    uid: raw.uid,
    gid: raw.gid,
    ...(type === 'symlink' || type === 'hardlink' ? { linkName } : {}),
  };
}

function paxNumber(pax: ReadonlyMap<string, string>, key: string): number | undefined {
  const value = pax.get(key);
  if (value === undefined) return undefined;
  const pattern = key === 'size' ? /^\d+$/ : /^-?\d+(\.\d*)?$/;
  if (!pattern.test(value)) throw new InvalidArgumentError(`tar archive: pax ${key} is not a number`);
  return Number(value);
}

function* paxRecords(body: Uint8Array): Generator<[string, string]> {
  for (let offset = 0; offset < body.length; ) {
    const space = body.indexOf(0x20, offset);
    const digits = space < 0 ? '' : decoder.decode(body.subarray(offset, space));
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0;
    const record = decoder.decode(body.subarray(space + 1, offset + length));
    const equals = record.indexOf('=');
    if (offset + length > body.length || equals < 1 || !record.endsWith('\n')) {
      throw new InvalidArgumentError('not a tar archive: a pax record is malformed');
    }
    yield [record.slice(0, equals), record.slice(equals + 1, -1)];
    offset += length;
  }
}

function untilNul(body: Uint8Array): string {
  const end = body.indexOf(0);
  return decoder.decode(end < 0 ? body : body.subarray(0, end));
}

async function metadata(reader: ByteReader, size: number): Promise<Uint8Array> {
  if (size > longestMetadata) throw new InvalidArgumentError(`tar archive: a name or pax record of ${size} bytes`);
  const body = size === 0 ? new Uint8Array(0) : await reader.exactly(size);
  if (body === undefined) throw cutOff();
  await skip(reader, paddingAfter(size));
  return body;
}

/** One entry's content; `left` is what nobody has read yet, so that leaving early costs nothing by itself. */
interface Content {
  left: number;
}

async function* read(reader: ByteReader, content: Content): AsyncGenerator<Uint8Array, void, undefined> {
  while (content.left > 0) {
    const piece = await reader.some(content.left);
    if (piece === undefined) throw cutOff();
    content.left -= piece.length;
    yield piece;
  }
}

async function skip(reader: ByteReader, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const piece = await reader.some(left);
    if (piece === undefined) throw cutOff();
    left -= piece.length;
  }
}
