/** A directory, an executable file or a character device of an archive. */
export interface CpioEntry {
  readonly name: string;
  readonly mode: number;
  readonly content?: Uint8Array;
  /** Of a device. */
  readonly device?: { readonly major: number; readonly minor: number };
}

/** The modes of entries, everything of root. */
export const cpioMode = { directory: 0o040755, file: 0o100755, characterDevice: 0o020600 } as const;

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}

/** One entry of a cpio archive in the "newc" form: thirteen numbers of eight hexadecimal digits, name, content. */
function cpioEntry({ name, mode, content = new Uint8Array(), device }: CpioEntry, inode: number): Buffer {
  const path = Buffer.from(`${name}\0`);
  const numbers = [
    ...[inode, mode, 0, 0, 1, 0, content.length],
    ...[0, 0, device?.major ?? 0, device?.minor ?? 0, path.length, 0],
  ];
  const head = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([head, path, padding(head.length + path.length), content, padding(content.length)]);
}

/** An archive as kernels take it for their initial file system; a directory stands before what is in it. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  return Buffer.concat(
    [...entries, { name: 'TRAILER!!!', mode: 0 }].map((entry, index) => cpioEntry(entry, index + 1)),
  );
}
