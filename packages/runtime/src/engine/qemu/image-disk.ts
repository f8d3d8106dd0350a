import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { EngineError, StorageError } from 'boxlite/backend';
import { hostActions, mountFlags } from '../../host/action.ts';
import type { Host } from '../../host/host.ts';

const limitMs = 10 * 60_000;

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Image layers as read-only disks. */
export interface ImageDisks {
  /** The disk of a chain of layers, lowest first; made once and kept. */
  ofLayers(layers: readonly string[]): Promise<string>;
  /** Makes a disk of a directory as it is now. */
  ofDirectory(directory: string, disk: string): Promise<void>;
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = `${folder}/${name}`;
    if (!name.endsWith('.layers')) {
      if (!name.endsWith('.erofs')) await rm(path, { force: true });
      continue;
    }
    const layers = (await readFile(path, 'utf8')).split('\0');
    if ((await Promise.all(layers.map(exists))).every(Boolean)) continue;
    await rm(path.replace(/\.layers$/, '.erofs'), { force: true });
    await rm(path, { force: true });
  }
}

/** Keeps disks of images below `folder`; those whose layers are gone are deleted now. */
export async function openImageDisks(host: Host, mkfs: string, folder: string): Promise<ImageDisks> {
  const disks = `${folder}/disks`;
  await mkdir(disks, { recursive: true, mode: 0o700 });
  await mkdir(`${folder}/nothing`, { recursive: true });
  await removeStale(disks);
  const making = new Map<string, Promise<string>>();

  const ofDirectory = async (directory: string, disk: string): Promise<void> => {
    const draft = `${disk}.${process.pid}.draft`;
    await rm(draft, { force: true });
    // The long form of inodes keeps the times of files.
    const argv = [mkfs, '-E', 'force-inode-extended', draft, directory];
    const made = await host.spawn({ argv, output: 'capture', timeoutMs: limitMs });
    if (made.exitCode !== 0) {
      await rm(draft, { force: true });
      throw new StorageError(`mkfs.erofs ${disk} failed: ${made.stderr.trim() || `exit code ${made.exitCode}`}`);
    }
    await rename(draft, disk);
  };

  const make = async (layers: readonly string[], key: string): Promise<string> => {
    const disk = `${disks}/${key}.erofs`;
    if (await exists(disk)) return disk;
    const merged = `${folder}/merged-${key}`;
    const undo = `image-disk-${key}`;
    await host.undo(undo, [hostActions.umount(merged, { detach: true }), hostActions.removeTree(merged)]);
    try {
      await mkdir(merged, { recursive: true });
      await host.umount(merged);
      await host.mountOverlay({
        target: merged,
        // An overlay without an upper directory needs two layers at least.
        layers: [`${folder}/nothing`, ...layers.toReversed()],
        upper: '',
        work: '',
        flags: mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev,
      });
      await writeFile(`${disks}/${key}.layers`, layers.join('\0'));
      await ofDirectory(merged, disk);
      return disk;
    } finally {
      await host.umount(merged, { detach: true });
      await host.removeTree(merged);
      await host.clearUndo(undo);
    }
  };

  return {
    ofDirectory,
    ofLayers(layers) {
      if (layers.length === 0) return Promise.reject(new EngineError('an image without layers has no disk'));
      const key = createHash('sha256').update(layers.join('\0')).digest('hex').slice(0, 40);
      const disk = making.get(key) ?? make(layers, key);
      making.set(key, disk);
      disk.catch(() => making.delete(key));
      // The layers of an image that was deleted and pulled again lie at the same paths, with the same content.
      return disk;
    },
  };
}
