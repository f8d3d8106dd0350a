import { createHash } from 'node:crypto';

/** The first bytes of every archive. */
export const archiveMagic: Buffer = Buffer.from('BOXLITE-ARCHIVE\n');
export const archiveVersion = 1;
export const pieceBytesMax: number = 1024 * 1024;

/** What a part of an archive is, as its first byte says. */
export const partKind = { end: 0, manifest: 1, layer: 2, disk: 3 } as const;

/** A part of an archive: its kind, and its bytes in pieces of any size. */
export interface ArchivePart {
  readonly kind: number;
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** An archive of these parts, in order (docs/reference/box-archive.md); nothing is held but the piece at hand. */
export async function* writeArchive(parts: AsyncIterable<ArchivePart>): AsyncGenerator<Uint8Array, void, undefined> {
  const whole = createHash('sha256');
  const said = (bytes: Uint8Array): Uint8Array => {
    whole.update(bytes);
    return bytes;
  };
  yield said(Buffer.concat([archiveMagic, u32(archiveVersion)]));
  for await (const { kind, bytes } of parts) {
    const own = createHash('sha256');
    yield said(Uint8Array.of(kind));
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += pieceBytesMax) {
        const piece = chunk.subarray(at, at + pieceBytesMax);
        own.update(piece);
        yield said(u32(piece.length));
        yield said(piece);
      }
    }
    yield said(Buffer.concat([u32(0), own.digest()]));
  }
  yield said(Uint8Array.of(partKind.end));
  yield whole.digest();
}
