import { must } from './outcome.ts';

/** An entry of an archive. */
export interface TarEntry {
  /** As it is spelled. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
  readonly content: Buffer;
}

/** An archive of ustar entries; a name that ends with a slash is a directory. */
export function tarOf(entries: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const blocks = Object.entries(entries).flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    return [header(name, bytes.length), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  const directory = name.endsWith('/');
  block.write(name, 0, 100);
  block.write(directory ? '0000755\0' : '0000644\0', 100);
  block.write('0000000\0'.repeat(2), 108);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write(`        ${directory ? 5 : 0}`, 148);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** The entries of an archive, which must be whole. Longer names of the GNU and pax forms are not needed here. */
export function tarEntries(archive: Buffer): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  let at = 0;
  while (at + 512 <= archive.length && archive[at] !== 0) {
    const text = (from: number, length: number): string =>
      archive.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8);
    const flag = text(156, 1) || '0';
    const kind = flag === '5' ? 'directory' : flag === '0' ? 'file' : 'other';
    const name = [text(345, 155), text(0, 100)].filter((part) => part !== '').join('/');
    must(at + 512 + size <= archive.length, `the archive must hold all of ${name}; it was cut`);
    entries.push({ name, kind, content: archive.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  const end = archive.subarray(at, at + 1024);
  must(end.length === 1024 && end.every((byte) => byte === 0), 'the archive must end with two blocks of zeros');
  return entries;
}
