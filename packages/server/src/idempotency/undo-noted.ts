import { type BoxBackend, InvalidStateError, NotFoundError, type RuntimeBackend } from 'boxlite/backend';
import type { Note } from './attempt.ts';

const sigkill = 9;

/**
 * Ends what a request made whose client never learned of it. A command is killed. A box is removed when it has no name, was
 * not started and has no snapshot: who did any of that has found it.
 */
export async function undoNoted(backend: RuntimeBackend, { id, box }: Note): Promise<void> {
  if (id === undefined) return;
  try {
    if (box) await (await (await backend.get(box.box_id))?.execution(id))?.signal(sigkill);
    else await removeUnused(backend, await backend.get(id));
  } catch (error) {
    const over = error instanceof InvalidStateError || error instanceof NotFoundError;
    if (!over) throw error;
  }
}

async function removeUnused(backend: RuntimeBackend, box: BoxBackend | null): Promise<void> {
  if (box === null || box.name !== undefined || (await box.info()).status !== 'configured') return;
  if ((await box.snapshots.list()).length > 0) return;
  // Without force: one that starts just now stays.
  await backend.remove(box.id);
}
