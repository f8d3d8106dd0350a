import { dirname } from 'node:path';
import type { RootlessIds } from './rootless.ts';

/** Where and as whom a host program works. */
export interface HostSpace {
  /** It is root only in a user namespace of an ordinary user. */
  readonly rootless: boolean;
  /** What is added on disk to the id that a box sees: an ordinary user's own id is none of a box. */
  readonly shift: number;
  /** Below which boxes are mounted: as this process sees it, and as the host program does. */
  readonly mounts: { readonly own: string; readonly shown: string };
}

/** As guest/host/root.c has it. */
const shown = '/.boxlite';

/** The space of the host program that holds a lock: root's, or with `ids` an ordinary user's. */
export function hostSpace(lockPath: string, ids: RootlessIds | undefined): HostSpace {
  // Not below the home as it is: a box's root, who is nobody here, must be able to walk to what is mounted.
  if (ids === undefined) return { rootless: false, shift: 0, mounts: { own: '/run/boxlite', shown: '/run/boxlite' } };
  return { rootless: true, shift: 1, mounts: { own: `${dirname(lockPath)}/mounts`, shown } };
}
