import { mkdirSync, renameSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type HostAction, hostActions, mountAttributes } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import { ulid } from '../id/ulid.ts';
import { type BoxPaths, boxPaths, diskActions } from './disk.ts';

// Longer than a box's first command takes, and shorter than the removal of a box.
const quietMs = 20;

/** A spare that has become a box's disk. */
export interface TakenDisk {
  /** Mounts it as the box's, whose image it is already. */
  readonly action: HostAction;
  /** Lets go of it where it was made; never rejects. */
  clear(): Promise<void>;
}

/**
 * One box disk that is made and mounted before anybody asks for it: of the size that was made last, once no box is starting.
 * What this process leaves of it when it dies, the host program undoes, or else the next `openSpareDisk`.
 */
export interface SpareDisk {
  /** Makes the spare the image of a box that has none yet; undefined where there is none of that size. */
  take(paths: BoxPaths, sizeGb: number): TakenDisk | undefined;
  /** Tells that a box starts, with a new disk of that size if any, until the function that this gives is called. */
  starting(newSizeGb: number | undefined): () => void;
}

/** Keeps it in a folder of its own, and deletes what a former process left there. */
export async function openSpareDisk(
  host: Host,
  folder: string,
  template: (sizeGb: number) => Promise<string>,
): Promise<SpareDisk> {
  let spare: { readonly place: string; readonly sizeGb: number } | undefined;
  let wantedGb: number | undefined;
  let starts = 0;
  let isMaking = false;
  let timer: NodeJS.Timeout | undefined;

  const keyOf = (place: string): string => `spare ${place}`;
  const undoActions = (place: string): readonly HostAction[] => [
    hostActions.umount(boxPaths(place).disk, { detach: true }),
    hostActions.removeTree(place),
  ];
  const drop = async (place: string): Promise<void> => {
    try {
      await host.sequence(undoActions(place));
      await host.clearUndo(keyOf(place));
    } catch {
      // The host program does it at its end, or the next process when it opens.
    }
  };
  const make = async (sizeGb: number): Promise<void> => {
    const place = `${folder}/${ulid()}`;
    const paths = boxPaths(place);
    try {
      if (spare !== undefined) await drop(spare.place);
      spare = undefined;
      const source = await template(sizeGb);
      // The host knows how to undo before there is anything to undo.
      await host.undo(keyOf(place), undoActions(place));
      mkdirSync(paths.disk, { recursive: true, mode: 0o700 });
      await host.sequence([hostActions.copySparse(source, paths.image), ...diskActions(host, paths)]);
      spare = { place, sizeGb };
    } catch {
      // As on a full disk: the next box makes its own, and says what is wrong.
      await drop(place);
    }
  };
  const makeWanted = async (): Promise<void> => {
    if (isMaking || starts > 0 || wantedGb === undefined || spare?.sizeGb === wantedGb) return;
    isMaking = true;
    await make(wantedGb);
    isMaking = false;
  };

  for (const name of await readdir(folder).catch(() => [])) await drop(`${folder}/${name}`);
  return {
    take(paths, sizeGb) {
      if (spare?.sizeGb !== sizeGb) return undefined;
      const { place } = spare;
      spare = undefined;
      const own = boxPaths(place);
      const clear = (): Promise<void> => drop(place);
      try {
        renameSync(own.image, paths.image);
      } catch {
        void clear();
        return undefined;
      }
      const attributes = mountAttributes.noSuid | mountAttributes.noDev;
      return { action: hostActions.bindIdmapped({ source: own.disk, target: paths.disk, attributes }), clear };
    },
    starting(newSizeGb) {
      starts += 1;
      wantedGb = newSizeGb ?? wantedGb;
      clearTimeout(timer);
      return () => {
        starts -= 1;
        if (starts > 0) return;
        timer = setTimeout(() => void makeWanted(), quietMs);
        timer.unref();
      };
    },
  };
}
