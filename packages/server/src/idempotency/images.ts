import type { PruneImagesOptions, PruneResult } from 'boxlite/backend';
import type { RestCall } from '../routes/route.ts';

/**
 * Prunes images; what an earlier try of this request has removed counts as removed, unless it is there again. The bytes are
 * those that this try freed.
 */
export async function pruneOnce({ attempt, backend }: RestCall, options: PruneImagesOptions): Promise<PruneResult> {
  const { images } = backend;
  if (!attempt) return images.prune(options);
  const former = attempt.former?.removed ?? [];
  const onRemove = (removed: readonly string[]): void =>
    attempt.noteRemoval({ removed: [...new Set([...former, ...removed])] });
  const { removed, freedBytes } = await images.prune(options, { onRemove });
  const all = new Set([...former, ...removed]);
  // What was not removed after all, or has come back.
  for (let pageToken: string | undefined; former.length > 0; ) {
    const page = await images.list(pageToken === undefined ? {} : { pageToken });
    for (const { reference } of page.images) all.delete(reference);
    pageToken = page.nextPageToken;
    if (pageToken === undefined) break;
  }
  return { removed: [...all], freedBytes };
}
