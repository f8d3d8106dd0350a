import { type BoxBackend, InvalidStateError, NotFoundError } from 'boxlite/backend';
import type { RestCall } from '../routes/route.ts';

/**
 * A client that leaves before the answer, and does not ask again, never learns the id of the box: one without a name that was
 * not started meanwhile is nobody's, and is removed.
 */
export function removeIfAbandoned({ attempt, backend }: RestCall, box: BoxBackend): void {
  if (box.name !== undefined) return;
  attempt?.ifAbandoned(async () => {
    try {
      // Without force: one that starts just now stays.
      if ((await box.info()).status === 'configured') await backend.remove(box.id);
    } catch (error) {
      const used = error instanceof InvalidStateError || error instanceof NotFoundError;
      if (!used) throw error;
    }
  });
}
