import { createHash } from 'node:crypto';
import { InvalidArgumentError } from 'boxlite/backend';
import { archiveMagic, archiveVersion, partKind, pieceBytesMax } from './archive-writer.ts';

/** A part of an archive that is being read: `bytes` must be read to its end, and fails where its checksum does. */
export interface ReadPart {
  readonly kind: number;
  readonly bytes: AsyncGenerator<Uint8Array, void, undefined>;
  /** SHA-256 in hex, once `bytes` is read to its end. */
  readonly digest: () => string;
}

/** The error of an archive that cannot be taken. */
export function refusedArchive(why: string): InvalidArgumentError {
  return new InvalidArgumentError(`the archive is refused: ${why}; export the box again`);
}

/** Reads an archive from a source that may be anything: the whole has been checked only when the last part is over. */
export async function* readArchive(source: ReadableStream<Uint8Array>): AsyncGenerator<ReadPart, void, undefined> {
  const reader = source.getReader();
  const whole = createHash('sha256');
  let held: Uint8Array = new Uint8Array();

  /** Between 1 and `most` bytes; empty at the end. */
  const some = async (most: number): Promise<Uint8Array> => {
    while (held.length === 0) {
      const { done, value } = await reader.read();
      if (done) return held;
      held = value;
    }
    const taken = held.subarray(0, most);
    held = held.subarray(taken.length);
    return taken;
  };
  const take = async (length: number, counted = true): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0; ) {
      const piece = await some(left);
      if (piece.length === 0) throw refusedArchive('it ends before its end mark');
      pieces.push(piece);
      left -= piece.length;
    }
    const bytes = Buffer.concat(pieces, length);
    if (counted) whole.update(bytes);
    return bytes;
  };
  const readPart = (kind: number): ReadPart & { readonly isOver: () => boolean } => {
    const own = createHash('sha256');
    let digest: string | undefined;
    async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
      for (;;) {
        const length = (await take(4)).readUInt32LE();
        if (length > pieceBytesMax) throw refusedArchive('a piece of it is too long');
        if (length === 0) break;
        const piece = await take(length);
        own.update(piece);
        yield piece;
      }
      const found = own.digest();
      if (!found.equals(await take(32))) throw refusedArchive('a checksum in it is wrong');
      digest = found.toString('hex');
    }
    return { kind, bytes: bytes(), digest: () => digest ?? '', isOver: () => digest !== undefined };
  };

  try {
    const magic = await take(archiveMagic.length);
    if (!magic.equals(archiveMagic)) throw refusedArchive('it is no archive of a box');
    const version = (await take(4)).readUInt32LE();
    if (version !== archiveVersion)
      throw refusedArchive(`its version is ${version}, and ${archiveVersion} is read here`);
    for (;;) {
      const kind = (await take(1))[0] ?? 0;
      if (kind === partKind.end) break;
      const part = readPart(kind);
      yield part;
      if (!part.isOver()) throw refusedArchive('a part of it was left unread');
    }
    const found = whole.digest();
    if (!found.equals(await take(32, false))) throw refusedArchive('its checksum is wrong');
    if ((await some(1)).length > 0) throw refusedArchive('bytes follow its end');
  } finally {
    await reader.cancel().catch(() => {});
  }
}
