import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type CpioEntry, cpioArchive, cpioMode } from './cpio.ts';
import type { Kernel } from './kernel.ts';

/** Writes what a kernel starts from: the guest as its first process, and the modules that it loads. */
export async function writeInitramfs(path: string, guestBinary: string, kernel: Kernel): Promise<void> {
  const modules = await Promise.all(
    kernel.modules.map(async (module, index) => ({
      name: `modules/${String(index).padStart(2, '0')}-${basename(module)}`,
      mode: cpioMode.file,
      content: await readFile(module),
    })),
  );
  const entries: readonly CpioEntry[] = [
    { name: 'dev', mode: cpioMode.directory },
    { name: 'dev/console', mode: cpioMode.characterDevice, device: { major: 5, minor: 1 } },
    { name: 'modules', mode: cpioMode.directory },
    ...modules,
    { name: 'init', mode: cpioMode.file, content: await readFile(guestBinary) },
  ];
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, cpioArchive(entries), { mode: 0o600 });
  await rename(draft, path);
}
