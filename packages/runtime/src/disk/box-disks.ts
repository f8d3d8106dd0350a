import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { boxPaths } from '../engine/disk.ts';
import type { Host } from '../host/host.ts';
import type { DiskProgram } from './disk-program.ts';
import type { Stages } from './stages.ts';

/** What a copy of a disk takes. */
export interface DiskSize {
  /** Bytes that the box's disk holds, or may hold where it has a size. */
  readonly containerDiskBytes: number;
  /** Bytes that the copy takes of the disk below. */
  readonly sizeBytes: number;
}

/** The writable disks of boxes as wholes: an upper directory, or an ext4 image where the disk has a size. */
export interface BoxDisks {
  readonly stages: Stages;
  readonly program: DiskProgram;
  /** Copies the disk of a box that stands still into a folder, in which it lies as in the box's own. */
  copy(folder: string, to: string): Promise<DiskSize>;
  /** Puts a copy of the disk in `from` in the place of a stopped box's, in one step. */
  replace(folder: string, from: string): Promise<void>;
  /** Deletes a folder whatever is in it. */
  drop(folder: string): Promise<void>;
}

export interface BoxDisksOptions {
  readonly host: Host;
  readonly program: DiskProgram;
  readonly stages: Stages;
}

/** Whether there is such a path. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** The disks of boxes on this host. */
export function boxDisks({ host, program, stages }: BoxDisksOptions): BoxDisks {
  const copy = async (from: string, to: string): Promise<DiskSize> => {
    const [source, target] = [boxPaths(from), boxPaths(to)];
    await mkdir(to, { recursive: true, mode: 0o700 });
    if (await exists(source.image)) {
      // The image is read below its file system, which may live on after the box's mount: what it holds back must be in it.
      if (await exists(source.upper)) await program.sync(source.disk);
      else await stages.use(async (stage) => program.sync(await stages.mount(stage, source.image)));
      await host.copySparse(source.image, target.image);
      const { size, blocks } = await stat(target.image);
      return { containerDiskBytes: size, sizeBytes: blocks * 512 };
    }
    if (!(await exists(source.upper))) return { containerDiskBytes: 0, sizeBytes: 0 };
    await mkdir(target.disk, { mode: 0o700 });
    const { bytes, allocatedBytes } = await program.copy(source.upper, target.upper);
    return { containerDiskBytes: bytes, sizeBytes: allocatedBytes };
  };
  return {
    stages,
    program,
    copy,
    async replace(folder, from) {
      await stages.use(async (stage) => {
        await copy(from, join(stage, 'new'));
        const [own, other] = [boxPaths(folder), boxPaths(join(stage, 'new'))];
        await mkdir(folder, { recursive: true, mode: 0o700 });
        if (await exists(other.image)) return rename(other.image, own.image);
        if (await exists(own.image)) return rename(own.image, join(stage, 'old.img'));
        const [has, gets] = [await exists(own.disk), await exists(other.disk)];
        if (has && gets) return program.swap(own.disk, other.disk);
        if (gets) return rename(other.disk, own.disk);
        if (has) return rename(own.disk, join(stage, 'old'));
      });
    },
    drop: (folder) => host.removeTree(folder),
  };
}
