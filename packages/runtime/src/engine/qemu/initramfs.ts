import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Kernel } from './kernel.ts';

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly content?: Uint8Array;
  /** Of a device. */
  readonly device?: { readonly major: number; readonly minor: number };
}

const [directory, file, characterDevice] = [0o040755, 0o100755, 0o020600];

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}

/** One entry of a cpio archive in the "newc" form: thirteen numbers of eight hexadecimal digits, name, content. */
function cpioEntry({ name, mode, content = new Uint8Array(), device }: Entry, inode: number): Buffer {
  const path = Buffer.from(`${name}\0`);
  const numbers = [
    ...[inode, mode, 0, 0, 1, 0, content.length],
    ...[0, 0, device?.major ?? 0, device?.minor ?? 0, path.length, 0],
  ];
  const head = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([head, path, padding(head.length + path.length), content, padding(content.length)]);
}

/** Writes what a kernel starts from: the guest as its first process, and the modules that it loads. */
export async function writeInitramfs(path: string, guestBinary: string, kernel: Kernel): Promise<void> {
  const modules = await Promise.all(
    kernel.modules.map(async (module, index) => ({
      name: `modules/${String(index).padStart(2, '0')}-${basename(module)}`,
      mode: file,
      content: await readFile(module),
    })),
  );
  const entries: readonly Entry[] = [
    { name: 'dev', mode: directory },
    { name: 'dev/console', mode: characterDevice, device: { major: 5, minor: 1 } },
    { name: 'modules', mode: directory },
    ...modules,
    { name: 'init', mode: file, content: await readFile(guestBinary) },
    { name: 'TRAILER!!!', mode: 0 },
  ];
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, Buffer.concat(entries.map((entry, index) => cpioEntry(entry, index + 1))), { mode: 0o600 });
  await rename(draft, path);
}
