import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { EngineError, StorageError } from 'boxlite/backend';
import { type HostAction, type HostIds, hostActions, mountFlags } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import { boxMounts } from './box-mounts.ts';
import type { EngineBox } from './engine.ts';
import { withPinned } from './pinned-directory.ts';
import { findProgram } from './program.ts';
import type { SpareDisk, TakenDisk } from './spare-disk.ts';

const gibibyte = 1024 ** 3;

/** The paths of a box below its folder. */
export interface BoxPaths {
  /** Where a version before user namespaces mounted the root file system. */
  readonly formerRootfs: string;
  readonly disk: string;
  readonly image: string;
  readonly upper: string;
  readonly work: string;
  readonly etc: string;
  readonly config: string;
  readonly pidFile: string;
  readonly log: string;
}

/** Where everything of a box lies. */
export function boxPaths(folder: string): BoxPaths {
  const disk = `${folder}/disk`;
  return {
    formerRootfs: `${folder}/rootfs`,
    disk,
    image: `${folder}/disk.img`,
    upper: `${disk}/upper`,
    work: `${disk}/work`,
    etc: `${folder}/etc`,
    config: `${folder}/config.json`,
    pidFile: `${folder}/init.pid`,
    log: `${folder}/container.log`,
  };
}

async function makeTemplate(host: Host, path: string, bytes: number): Promise<void> {
  const mkfs = await findProgram('mkfs.ext4');
  if (mkfs === undefined)
    throw new EngineError('diskSizeGb needs mkfs.ext4, which is not installed; run: sudo apt-get install -y e2fsprogs');
  const draft = `${path}.${process.pid}`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.truncate(bytes);
  } finally {
    await file.close();
  }
  const options = ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard'];
  const made = await host.spawn({ argv: [mkfs, ...options, draft], output: 'capture' });
  if (made.exitCode !== 0) {
    await rm(draft, { force: true });
    throw new StorageError(`mkfs.ext4 ${draft} failed: ${made.stderr.trim()}`);
  }
  await rename(draft, path);
}

/** Templates of box disks with a size limit: ext4 with a journal in a sparse image; each size has one, by its path. */
export function diskTemplates(host: Host, templates: string): (sizeGb: number) => Promise<string> {
  const made = new Map<number, Promise<string>>();
  const template = async (bytes: number): Promise<string> => {
    const path = `${templates}/ext4-${bytes}.img`;
    await mkdir(templates, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) await makeTemplate(host, path, bytes);
    return path;
  };
  return (sizeGb) => {
    const bytes = Math.round((sizeGb * gibibyte) / 4096) * 4096;
    const ready = made.get(bytes) ?? template(bytes);
    made.set(bytes, ready);
    ready.catch(() => made.delete(bytes));
    return ready;
  };
}

/** Makes box disks with a size limit, each a copy of its template. */
export function diskImages(host: Host, templates: string): (image: string, sizeGb: number) => Promise<void> {
  const template = diskTemplates(host, templates);
  return async (image, sizeGb) => host.copySparse(await template(sizeGb), image);
}

/** Mounts the image of a box's disk, with what the box's root file system needs on it. */
export function diskActions(host: Host, paths: BoxPaths): readonly HostAction[] {
  const flags = mountFlags.noSuid | mountFlags.noDev;
  // Unused inode tables stay holes of the image.
  const data = 'noinit_itable';
  return [
    hostActions.mountImage({ source: paths.image, target: paths.disk, type: 'ext4', flags, data }),
    ...upperActions(host, paths),
  ];
}

function upperActions({ space }: Host, { upper, work }: BoxPaths): readonly HostAction[] {
  return [
    hostActions.makeDirectory({ path: upper, mode: 0o755, owner: space.shift }),
    hostActions.makeDirectory({ path: work, mode: 0o700, owner: 0 }),
  ];
}

/** How box disks are made. */
export interface DiskMaking {
  readonly template: (sizeGb: number) => Promise<string>;
  /** @default none: every disk is made when its box starts */
  readonly spare?: SpareDisk | undefined;
}

/**
 * Makes and mounts a box's root file system: image layers below, the box's own disk above, owners as in the box on both.
 * What exists already is kept. Resolves with a spare disk that the box has now, whose `clear` is to be called.
 */
export async function mountRootfs(
  host: Host,
  box: EngineBox,
  ids: HostIds | undefined,
  { template, spare }: DiskMaking,
): Promise<TakenDisk | undefined> {
  const { diskSizeGb, rootfs } = box;
  const paths = boxPaths(box.folder);
  const { rootless } = host.space;
  const overlay = (layers: readonly string[]): HostAction =>
    hostActions.mountOverlay({
      target: boxMounts(host.space, box.id).rootfs,
      layers,
      upper: paths.upper,
      work: paths.work,
      // Set-user-id programs and device nodes of an image must do nothing on the host, where this mount shows.
      flags: mountFlags.noSuid | mountFlags.noDev,
      data: rootless ? 'userxattr,index=off' : 'redirect_dir=nofollow,metacopy=off,index=off',
      ...(ids !== undefined && !rootless && { ids }),
    });
  const mountOn = (disk: readonly HostAction[]): Promise<void> =>
    'path' in rootfs
      ? withPinned(rootfs.path, (source) => host.sequence([...disk, overlay([source])]))
      : host.sequence([...disk, overlay(rootfs.layers.toReversed())]);
  // A thread for so little would take longer than the directory.
  mkdirSync(paths.disk, { recursive: true, mode: 0o700 });
  if (diskSizeGb === undefined) {
    await mountOn(upperActions(host, paths));
    return undefined;
  }
  const taken = existsSync(paths.image) ? undefined : spare?.take(paths, diskSizeGb);
  if (taken !== undefined) {
    try {
      await mountOn([taken.action]);
      return taken;
    } catch {
      // What is wrong shows again without it: its image is the box's own now.
      await host.umount(paths.disk, { detach: true });
      await taken.clear();
    }
  }
  const copied = existsSync(paths.image) ? [] : [hostActions.copySparse(await template(diskSizeGb), paths.image)];
  await mountOn([...copied, ...diskActions(host, paths)]);
  return undefined;
}
