/** A record of a log file is `u32 length | stream << 31`, little endian, and that many bytes. */
export const recordHeaderBytes = 4;

/** The longest payload of one record; a longer piece of output becomes several. */
export const maxRecordBytes: number = 256 * 1024;

export type OutputStream = 'stdout' | 'stderr';

export function encodeRecordHeader(stream: OutputStream, length: number): Buffer {
  const header = Buffer.allocUnsafe(recordHeaderBytes);
  header.writeUInt32LE((length | (stream === 'stderr' ? 0x8000_0000 : 0)) >>> 0);
  return header;
}

export function decodeRecordHeader(bytes: Buffer, at: number): { stream: OutputStream; length: number } {
  const word = bytes.readUInt32LE(at);
  return { stream: word >>> 31 === 1 ? 'stderr' : 'stdout', length: word & 0x7fff_ffff };
}
