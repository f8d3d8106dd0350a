import { TarError } from './tar-error.ts';

/** The fixed fields of one 512-byte tar header. Names are byte strings: one character for each byte. */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the epoch, whole. */
  readonly mtime: number;
  readonly typeflag: string;
  readonly linkName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** Bytes of a tar block. */
export const blockSize = 512;

/** Parses a header block; null for a block of zeros; `TarError` when the checksum is wrong. */
export function parseHeader(bytes: Uint8Array): TarHeader | null {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const sum = checksum(block);
  if (sum === 8 * 32 && block.every((byte) => byte === 0)) return null;
  if (number(block, 148, 8, 'checksum') !== sum) throw new TarError('not a tar archive: a header has a wrong checksum');
  const magic = block.toString('latin1', 257, 263);
  const ustar = magic === 'ustar\0';
  const prefix = ustar ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const special = magic.startsWith('ustar') ? ([329, 337] as const) : undefined;
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8, 'mode') & 0o7777,
    uid: number(block, 108, 8, 'uid'),
    gid: number(block, 116, 8, 'gid'),
    size: number(block, 124, 12, 'size'),
    mtime: number(block, 136, 12, 'mtime', true),
    typeflag: String.fromCharCode(block[156] ?? 0),
    linkName: text(block, 157, 100),
    deviceMajor: special === undefined ? 0 : number(block, special[0], 8, 'device'),
    deviceMinor: special === undefined ? 0 : number(block, special[1], 8, 'device'),
  };
}

/** The sum of a header's bytes, with the checksum field itself counted as spaces. */
export function checksum(block: Uint8Array): number {
  let sum = 8 * 32;
  for (let index = 0; index < blockSize; index++) if (index < 148 || index >= 156) sum += block[index] ?? 0;
  return sum;
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.subarray(start, start + length).indexOf(0);
  return block.toString('latin1', start, end === -1 ? start + length : start + end);
}

function number(block: Buffer, start: number, length: number, field: string, signed = false): number {
  const first = block[start] ?? 0;
  if (first & 0x80) return base256(block.subarray(start, start + length), field, signed);
  const digits = block
    .toString('latin1', start, start + length)
    .replace(/\0.*$/s, '')
    .trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw new TarError(`not a tar archive: the ${field} of a header is not a number`);
  return Number.parseInt(digits, 8);
}

function base256(bytes: Uint8Array, field: string, signed: boolean): number {
  const negative = bytes[0] === 0xff;
  let value = negative ? -1n : BigInt((bytes[0] ?? 0) & 0x7f);
  for (const byte of bytes.subarray(1)) value = (value << 8n) | BigInt(byte);
  const result = Number(value);
  if (!Number.isSafeInteger(result) || (negative && !signed)) {
    throw new TarError(`the ${field} of a header is out of range`);
  }
  return result;
}
