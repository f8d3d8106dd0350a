/**
 * A record of a log file is `u32 length | aligned << 30 | stream << 31`, little endian, and that many bytes: right
 * behind it or, where it is aligned, from the next whole page of the file on, with zeros between.
 */
export const recordHeaderBytes = 4;

/** The longest payload of one record; a longer piece of output becomes several. */
export const maxRecordBytes: number = 256 * 1024;

export type OutputStream = 'stdout' | 'stderr';

/** What a record's header says of it. */
export interface RecordHeader {
  readonly stream: OutputStream;
  /** Of the payload, in bytes. */
  readonly length: number;
  /** Where in the file the payload begins. */
  readonly start: number;
}

const pageBytes = 4096;
const streamBit = 0x8000_0000;
const alignedBit = 0x4000_0000;
// The kernel takes whole pages for two thirds of the time that it takes for as many bytes elsewhere.
const alignedFrom = 128 * 1024;
const zeros = Buffer.alloc(pageBytes);

/** The header of a record of so many bytes at this position; aligned where it is long and a file of `limit` bytes has room for that. */
export function recordHeader(stream: OutputStream, length: number, position: number, limit: number): RecordHeader {
  const start = position + recordHeaderBytes;
  const page = Math.ceil(start / pageBytes) * pageBytes;
  return { stream, length, start: length >= alignedFrom && page + length <= limit ? page : start };
}

/** What stands before the payload of a record at this position. */
export function encodeRecordHeader({ stream, length, start }: RecordHeader, position: number): Buffer[] {
  const header = Buffer.allocUnsafe(recordHeaderBytes);
  const gap = start - position - recordHeaderBytes;
  header.writeUInt32LE((length | (gap > 0 ? alignedBit : 0) | (stream === 'stderr' ? streamBit : 0)) >>> 0);
  return gap > 0 ? [header, zeros.subarray(0, gap)] : [header];
}

/** Reads the header of the record at this position of the file, which stands at `at` of the bytes. */
export function decodeRecordHeader(bytes: Buffer, at: number, position: number): RecordHeader {
  const word = bytes.readUInt32LE(at);
  const start = position + recordHeaderBytes;
  return {
    stream: word >>> 31 === 1 ? 'stderr' : 'stdout',
    length: word & 0x3fff_ffff,
    start: word & alignedBit ? Math.ceil(start / pageBytes) * pageBytes : start,
  };
}
