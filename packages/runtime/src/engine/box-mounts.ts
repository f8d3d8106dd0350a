import { chmod, chown, mkdir, readdir, rmdir } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';
import { type HostAction, type HostIds, hostActions, mountAttributes } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import type { EngineBox } from './engine.ts';
import { withPinned } from './pinned-directory.ts';

// Not below the home: the box's root, who is nobody here, must be able to walk to what is mounted.
const runFolder = '/run/boxlite';

/** Where a box's root file system and volumes are mounted while it runs. */
export interface BoxMounts {
  readonly folder: string;
  readonly rootfs: string;
  readonly volumes: string;
}

/** The mount points of a box, by its id. */
export function boxMounts(id: string): BoxMounts {
  const folder = `${runFolder}/${id}`;
  return { folder, rootfs: `${folder}/rootfs`, volumes: `${folder}/volumes` };
}

/** Makes the mount points, for the box's root group alone. */
export async function makeMountPoints(id: string, ids: HostIds): Promise<void> {
  const { folder, rootfs } = boxMounts(id);
  if ((await mkdir(runFolder, { recursive: true })) !== undefined) await chmod(runFolder, 0o711);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir(rootfs, { recursive: true });
  await chown(folder, 0, ids.first);
  await chmod(folder, 0o710);
}

/** Shows a box's volumes with the owners that they have on this host. `EngineError` where their file system cannot. */
export async function mountVolumes(host: Host, box: EngineBox, ids: HostIds): Promise<void> {
  const { volumes } = boxMounts(box.id);
  const steps = await Promise.allSettled(
    box.volumes.map(async ({ hostPath, readOnly = false }, i) => {
      const target = `${volumes}/${i}`;
      await mkdir(target, { recursive: true });
      const attributes = mountAttributes.noSuid | mountAttributes.noDev | (readOnly ? mountAttributes.readOnly : 0);
      try {
        await withPinned(hostPath, (source) => host.bindIdmapped({ source, target, ids, attributes }));
      } catch (cause) {
        const reason = (cause instanceof Error ? cause.message : String(cause)).replace(
          /\/proc\/\d+\/fd\/\d+/,
          hostPath,
        );
        throw new EngineError(
          `volumes.hostPath: ${reason}; use a directory on ext4, xfs, btrfs or tmpfs with nothing else mounted below`,
          { cause },
        );
      }
    }),
  );
  for (const step of steps) if (step.status === 'rejected') throw step.reason;
}

/** Takes every mount of a box away, however it was left, and the mount points. */
export async function unmountBox(id: string, unmount: (target: string) => Promise<void>): Promise<void> {
  const { folder, rootfs, volumes } = boxMounts(id);
  const shown = (await readdir(volumes).catch(() => [])).map((name) => `${volumes}/${name}`);
  await Promise.all([rootfs, ...shown].map(unmount));
  // Never recursive: what is still mounted, or is not ours, stays as it is.
  for (const path of [...shown, rootfs, volumes, folder]) await rmdir(path).catch(() => undefined);
}

/** The same as a list of things to undo. */
export function unmountActions(id: string, volumes: number): readonly HostAction[] {
  const { folder, rootfs, volumes: place } = boxMounts(id);
  const shown = Array.from({ length: volumes }, (_, i) => `${place}/${i}`);
  return [
    ...[rootfs, ...shown].map((path) => hostActions.umount(path, { detach: true })),
    hostActions.removeTree(folder),
  ];
}
