import { InvalidArgumentError } from '../errors.ts';
import { blockSize, type TarEntryType, type TarHeader } from './entry.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const flags: Record<TarEntryType, string> = { file: '0', hardlink: '1', symlink: '2', directory: '5' };
const largestOctal = 0o77777777777;

/** The header of one block as it stands on disk, before long names and pax records are applied. */
export interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly linkName: string;
}

/** Encodes an entry's header, with a pax record in front of it where ustar cannot say it. */
export function encodeHeader(header: TarHeader): Uint8Array[] {
  const name = header.type === 'directory' && !header.name.endsWith('/') ? `${header.name}/` : header.name;
  const mtime = Math.max(0, header.mtimeMs / 1000);
  const records: string[] = [];
  if (!fits(name)) records.push(paxRecord('path', name));
  if (header.linkName !== undefined && !fits(header.linkName)) records.push(paxRecord('linkpath', header.linkName));
  if (header.size > largestOctal) records.push(paxRecord('size', String(header.size)));
  if (!Number.isInteger(mtime) || mtime > largestOctal) records.push(paxRecord('mtime', mtime.toFixed(3)));
  const block = encodeBlock(name, header, flags[header.type], header.size > largestOctal ? 0 : header.size);
  if (records.length === 0) return [block];
  const body = encoder.encode(records.join(''));
  const padded = new Uint8Array(Math.ceil(body.length / blockSize) * blockSize);
  padded.set(body);
  return [encodeBlock('PaxHeaders/entry', { ...header, mode: 0o644 }, 'x', body.length), padded, block];
}

function fits(text: string): boolean {
  return text.length <= 100 && /^[\x20-\x7e]*$/.test(text);
}

/** `<length> key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function encodeBlock(name: string, header: TarHeader, flag: string, size: number): Uint8Array {
  const block = new Uint8Array(blockSize);
  const put = (text: string, offset: number, length: number): void => {
    block.set(encoder.encode(text).subarray(0, length), offset);
  };
  const octal = (value: number, offset: number, length: number): void => {
    const most = 8 ** (length - 1) - 1;
    put(
      Math.min(Math.max(0, Math.floor(value)), most)
        .toString(8)
        .padStart(length - 1, '0'),
      offset,
      length - 1,
    );
  };
  put(name, 0, 100);
  octal(header.mode & 0o7777, 100, 8);
  octal(header.uid ?? 0, 108, 8);
  octal(header.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(header.mtimeMs / 1000, 136, 12);
  put(flag, 156, 1);
  if (flag === '1' || flag === '2') put(header.linkName ?? '', 157, 100);
  put('ustar\0' + '00', 257, 8);
  put('        ', 148, 8);
  put(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}

/** Decodes one block; undefined for a block of zeros, an error for anything that is not a header. */
export function decodeHeader(block: Uint8Array): RawHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (number(block, 148, 8, 'checksum') !== checksum(block)) {
    throw new InvalidArgumentError('not a tar archive: a header has a wrong checksum');
  }
  const prefix = text(block, 257, 6).startsWith('ustar') && block[263] === 0x30 ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8, 'mode'),
    uid: number(block, 108, 8, 'uid'),
    gid: number(block, 116, 8, 'gid'),
    size: number(block, 124, 12, 'size'),
    mtime: number(block, 136, 12, 'mtime'),
    flag: String.fromCharCode(block[156] ?? 0),
    linkName: text(block, 157, 100),
  };
}

function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < blockSize; index++) if (index < 148 || index >= 156) sum += block[index] ?? 0;
  return sum;
}

function text(block: Uint8Array, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

function number(block: Uint8Array, offset: number, length: number, field: string): number {
  const first = block[offset] ?? 0;
  if (first & 0x80) return binaryNumber(block.subarray(offset, offset + length), field);
  const digits = text(block, offset, length).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits))
    throw new InvalidArgumentError(`not a tar archive: the ${field} of a header is not octal`);
  return Number.parseInt(digits, 8);
}

/** GNU's base 256, for values that octal digits cannot hold. */
function binaryNumber(bytes: Uint8Array, field: string): number {
  const negative = bytes[0] === 0xff;
  let value = negative ? -1 : (bytes[0] ?? 0) & 0x7f;
  for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value) || (value < 0 && field !== 'mtime')) {
    throw new InvalidArgumentError(`tar archive: the ${field} of a header is out of range`);
  }
  return value;
}
