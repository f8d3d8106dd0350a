import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';
import { type HostAction, type HostIds, hostActions, mountAttributes } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import type { HostSpace } from '../host/space.ts';
import type { EngineBox } from './engine.ts';
import { giveToBoxRoot } from './owner.ts';
import { withPinned } from './pinned-directory.ts';

/** Where a box's root file system and volumes are mounted while it runs, as the host program sees it. */
export interface BoxMounts {
  /** As this process sees it; of what is mounted there it sees nothing without root. */
  readonly own: string;
  readonly folder: string;
  readonly rootfs: string;
  readonly volumes: string;
}

/** The mount points of a box, by its id. */
export function boxMounts({ mounts }: HostSpace, id: string): BoxMounts {
  const folder = `${mounts.shown}/${id}`;
  return { own: `${mounts.own}/${id}`, folder, rootfs: `${folder}/rootfs`, volumes: `${folder}/volumes` };
}

/** Makes the mount points, for the box's root group alone; without root, nobody else sees what is mounted there. */
export function makeMountPoints({ space }: Host, id: string, ids: HostIds): void {
  const { own } = boxMounts(space, id);
  // A thread for each of these would take longer than they do.
  if (mkdirSync(space.mounts.own, { recursive: true }) !== undefined) chmodSync(space.mounts.own, 0o711);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  mkdirSync(`${own}/rootfs`, { recursive: true });
  if (!space.rootless) chownSync(own, 0, ids.first);
  chmodSync(own, space.rootless ? 0o711 : 0o710);
}

/** Shows a box's volumes with the owners that they have on this host. `EngineError` where their file system cannot. */
export async function mountVolumes(host: Host, box: EngineBox, ids: HostIds): Promise<void> {
  const { own, volumes } = boxMounts(host.space, box.id);
  const steps = await Promise.allSettled(
    box.volumes.map(async ({ hostPath, readOnly = false, managed = false }, i) => {
      const target = `${volumes}/${i}`;
      await mkdir(`${own}/volumes/${i}`, { recursive: true });
      if (managed) await giveToBoxRoot(host, hostPath);
      const attributes = mountAttributes.noSuid | mountAttributes.noDev | (readOnly ? mountAttributes.readOnly : 0);
      try {
        const bind = (source: string): Promise<void> =>
          host.bindIdmapped({ source, target, attributes, ...(!host.space.rootless && { ids }) });
        // What an ordinary user's host program follows leads nowhere that the user could not go himself.
        await (host.space.rootless ? bind(hostPath) : withPinned(hostPath, bind));
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
export async function unmountBox(host: Host, id: string, unmount: (target: string) => Promise<void>): Promise<void> {
  await unmountInside(host, id, unmount);
  await rmdir(boxMounts(host.space, id).own).catch(() => undefined);
}

/** The same, but its own directory stays, by which what else there is of it is found. */
export async function unmountInside(
  { space }: Host,
  id: string,
  unmount: (target: string) => Promise<void>,
): Promise<void> {
  const { own, rootfs, volumes } = boxMounts(space, id);
  const shown = await readdir(`${own}/volumes`).catch(() => []);
  await Promise.all([rootfs, ...shown.map((name) => `${volumes}/${name}`)].map(unmount));
  // Never recursive: what is still mounted, or is not ours, stays as it is.
  const made = [...shown.map((name) => `${own}/volumes/${name}`), `${own}/rootfs`, `${own}/volumes`];
  for (const path of made) await rmdir(path).catch(() => undefined);
}

/** The same as a list of things to undo. */
export function unmountActions({ space }: Host, id: string, volumes: number): readonly HostAction[] {
  const { folder, rootfs, volumes: place } = boxMounts(space, id);
  const shown = Array.from({ length: volumes }, (_, i) => `${place}/${i}`);
  return [
    ...[rootfs, ...shown].map((path) => hostActions.umount(path, { detach: true })),
    hostActions.removeTree(folder),
  ];
}

/** Whether a box has mount points: something of it may be mounted. */
export function hasMountPoints({ space }: Host, id: string): boolean {
  return existsSync(boxMounts(space, id).own);
}
