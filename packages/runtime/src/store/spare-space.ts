import { rmSync, statSync, writeFileSync } from 'node:fs';

const bytes = 1024 * 1024;

/** Space on the disk of a store that is kept for what frees space: to remove something from a full disk takes a little, too. */
export interface SpareSpace {
  /** Does it; where that fails, once more with the space that was kept. */
  use<T>(work: () => T): T;
  /** Keeps it, unless that is so; where there is no room, later. */
  keep(): void;
}

/** Keeps a MiB in a file at this path. */
export function spareSpace(path: string): SpareSpace {
  const drop = (): void => rmSync(path, { force: true });
  const isKept = (): boolean => statSync(path, { throwIfNoEntry: false })?.size === bytes;
  return {
    use(work) {
      try {
        return work();
      } catch (error) {
        if (!isKept()) throw error;
        drop();
        return work();
      }
    },
    keep() {
      if (isKept()) return;
      try {
        // Not zeros: some file systems keep no space for those.
        writeFileSync(path, Buffer.alloc(bytes, 'boxlite spare '), { mode: 0o600 });
      } catch {
        drop();
      }
    },
  };
}
