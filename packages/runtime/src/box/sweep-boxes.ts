import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isUlid } from '../id/ulid.ts';
import { destroyBox } from './box-body.ts';
import type { BoxHome } from './box-home.ts';

/** Deletes what is left of boxes that were removed, or prepared and never taken. What cannot be deleted now is tried again the next time. */
export async function sweepBoxes(
  home: Pick<BoxHome, 'store' | 'folder' | 'engine' | 'disks' | 'networks'>,
): Promise<void> {
  for (const id of await readdir(dirname(home.folder('id')))) {
    if (isUlid(id) && !home.store.boxes.byId(id))
      await destroyBox(home, { id, folder: home.folder(id) }).catch(() => {});
  }
}
