import { TarError } from './tar-error.ts';

/** Parses the records of a pax extended header (POSIX.1-2017, pax, "pax Extended Header"); keys and values are byte strings. */
export function parsePax(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start < data.length; ) {
    if (data[start] === 0) break;
    const space = data.indexOf(0x20, start);
    const digits = space === -1 || space - start > 10 ? '' : data.toString('latin1', start, space);
    const end = start + Number(digits);
    if (!/^[1-9][0-9]*$/.test(digits) || end > data.length || end < space + 4 || data[end - 1] !== 0x0a) {
      throw new TarError('malformed pax header: a record has a wrong length');
    }
    const equals = data.indexOf(0x3d, space + 1);
    if (equals === -1 || equals >= end) throw new TarError('malformed pax header: a record has no "="');
    records.set(data.toString('latin1', space + 1, equals), data.toString('latin1', equals + 1, end - 1));
    start = end;
  }
  return records;
}

/** Writes pax records; keys and values are byte strings. */
export function formatPax(records: Iterable<readonly [string, string]>): Uint8Array {
  const lines: string[] = [];
  for (const [key, value] of records) {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    lines.push(`${length}${rest}`);
  }
  return Buffer.from(lines.join(''), 'latin1');
}
