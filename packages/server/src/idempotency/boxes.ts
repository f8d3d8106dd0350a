import type { BoxBackend } from 'boxlite/backend';
import type { RestCall } from '../routes/route.ts';

/**
 * A client that leaves before the answer, and does not ask again, never learns the id of the box: one without a name that was
 * not started meanwhile is nobody's, and is removed.
 */
export function removeIfAbandoned({ attempt, backend }: RestCall, box: BoxBackend): void {
  if (box.name !== undefined) return;
  const remove = async (): Promise<void> => {
    // Without force: one that starts just now stays.
    if ((await box.info()).status === 'configured') await backend.remove(box.id);
  };
  attempt?.ifAbandoned(() => void remove().catch(() => {}));
}
