import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytes } from '../format.ts';
import { type Check, required } from './check.ts';

const leastBytes = 1024 ** 3;

/** Space for boxes and images where the home directory is, or will be. */
export async function storageCheck(homeDir: string): Promise<Check> {
  let folder = homeDir;
  for (;;) {
    try {
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize;
      return required(
        'disk space',
        free >= leastBytes,
        `${bytes(free)} free at ${folder}`,
        'free 1 GiB, or choose another --home',
      );
    } catch (error) {
      if (dirname(folder) === folder) throw error;
      folder = dirname(folder);
    }
  }
}
