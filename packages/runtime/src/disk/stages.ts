import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hostActions, mountFlags } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import { ulid } from '../id/ulid.ts';

/** Folders for what is half made. A crash leaves them, and the next start clears them all away. */
export interface Stages {
  /** Runs work with a folder of its own, which is gone after it unless the work moved it elsewhere. */
  use<T>(work: (folder: string) => Promise<T>): Promise<T>;
  /** One that lives until `drop`. */
  make(): Promise<string>;
  drop(folder: string): Promise<void>;
  /** Mounts a disk's image in a stage, until it is dropped; the directory. */
  mount(folder: string, image: string): Promise<string>;
  unmount(folder: string): Promise<void>;
  /** Clears away what a former process left. */
  sweep(): Promise<void>;
}

function mountPoint(folder: string): string {
  return join(folder, 'mount');
}

/** The stages below a directory, which must be of the file system that they end up on. */
export function stages(host: Host, directory: string): Stages {
  const make = async (): Promise<string> => {
    const folder = join(directory, ulid());
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  };
  const drop = async (folder: string): Promise<void> => {
    await host.umount(mountPoint(folder), { detach: true });
    await host.clearUndo(folder);
    await host.removeTree(folder);
  };
  return {
    make,
    drop,
    async mount(folder, image) {
      const target = mountPoint(folder);
      await mkdir(target, { mode: 0o700 });
      await host.undo(folder, [hostActions.umount(target, { detach: true })]);
      const flags = mountFlags.noSuid | mountFlags.noDev;
      await host.mountImage({ source: image, target, type: 'ext4', flags, data: 'noinit_itable' });
      return target;
    },
    unmount: (folder) => host.umount(mountPoint(folder)),
    async use(work) {
      const folder = await make();
      try {
        return await work(folder);
      } finally {
        await drop(folder);
      }
    },
    async sweep() {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (const name of await readdir(directory)) await drop(join(directory, name));
    },
  };
}
