import { blockSize, checksum } from './header.ts';
import { formatPax } from './pax.ts';
import type { TarEntry, TarEntryType } from './reader.ts';

const flags: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** What {@link tarEntry} needs; what is left out is 0, root, and 0644 or 0755. */
export type TarWriteEntry = Pick<TarEntry, 'path'> & Partial<TarEntry>;

/** The two blocks of zeros that end an archive. */
export const tarEnd: Uint8Array = new Uint8Array(2 * blockSize);

/** One entry with its whole content, padded; the same input gives the same bytes. Names are byte strings. */
export function tarEntry(entry: TarWriteEntry, content: Uint8Array = new Uint8Array(0)): Uint8Array {
  const type = entry.type ?? 'file';
  const records: [string, string][] = [];
  if (entry.path.length > 100) records.push(['path', entry.path]);
  if ((entry.linkPath?.length ?? 0) > 100) records.push(['linkpath', entry.linkPath ?? '']);
  if (!Number.isInteger(entry.mtime ?? 0) || (entry.mtime ?? 0) < 0) records.push(['mtime', String(entry.mtime)]);
  for (const field of ['uid', 'gid'] as const) {
    if ((entry[field] ?? 0) > 0o7777777) records.push([field, String(entry[field])]);
  }
  const size = type === 'file' ? content.length : 0;
  const parts: Uint8Array[] = [];
  if (records.length > 0) {
    const pax = formatPax(records);
    parts.push(header({ path: 'pax-header' }, 'x', pax.length), padded(pax));
  }
  parts.push(header({ mode: type === 'directory' ? 0o755 : 0o644, ...entry }, flags[type], size));
  if (size > 0) parts.push(padded(content));
  return Buffer.concat(parts);
}

/** A whole archive of entries that are made by {@link tarEntry}. */
export function tarArchive(entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([...entries, tarEnd]);
}

function header(entry: TarWriteEntry, typeflag: string, size: number): Uint8Array {
  const block = Buffer.alloc(blockSize);
  const text = (value: string, start: number, length: number): void => {
    block.write(value.slice(0, length), start, 'latin1');
  };
  const octal = (value: number, start: number, length: number): void => {
    const most = 8 ** (length - 1) - 1;
    text(
      Math.max(0, Math.min(Math.floor(value), most))
        .toString(8)
        .padStart(length - 1, '0'),
      start,
      length - 1,
    );
  };
  text(entry.path, 0, 100);
  octal(entry.mode ?? 0o644, 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(entry.mtime ?? 0, 136, 12);
  text(typeflag, 156, 1);
  text(entry.linkPath ?? '', 157, 100);
  text('ustar\0' + '00', 257, 8);
  octal(entry.deviceMajor ?? 0, 329, 8);
  octal(entry.deviceMinor ?? 0, 337, 8);
  text(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}

function padded(content: Uint8Array): Uint8Array {
  const rest = content.length % blockSize;
  return rest === 0 ? content : Buffer.concat([content, Buffer.alloc(blockSize - rest)]);
}
