import { InvalidArgumentError, type PruneImagesOptions, type PruneResult } from 'boxlite/backend';
import type { PartialBlobs } from './partial-blobs.ts';
import type { ImageRecords } from './records.ts';
import { baseReference, formatReference, isDigest, parseReference } from './reference.ts';

export interface PruneParts {
  /** Whose names go. */
  readonly tenant: string;
  readonly records: ImageRecords;
  readonly partials: PartialBlobs;
  /** Whether the tenant has a box of it. */
  readonly inUse: (digest: string) => boolean;
  /** Takes names away, and deletes what then nothing leads to; tells the bytes. */
  readonly removeNames: (references: readonly string[]) => Promise<number>;
  readonly searchRegistries: readonly string[];
  /** Told of the names before they go. */
  readonly onRemove: ((references: readonly string[]) => void) | undefined;
}

const pageSize = 500;

/** Takes the names from images that no box of the tenant has, and deletes what then nothing leads to. */
export async function pruneImages(
  { olderThanMs = 0, keep = [] }: PruneImagesOptions,
  { tenant, records, partials, inUse, removeNames, searchRegistries, onRemove }: PruneParts,
): Promise<PruneResult> {
  if (!Number.isFinite(olderThanMs) || olderThanMs < 0) {
    throw new InvalidArgumentError(`olderThanMs is not a number of milliseconds from 0 on: ${olderThanMs}`);
  }
  const kept = new Set(
    keep.flatMap((each) => (isDigest(each) ? [each] : parseReference(each, searchRegistries).map(formatReference))),
  );
  // What may fail comes first: names that are gone are told.
  const ofPartials = await partials.sweep(olderThanMs);
  const before = Date.now() - olderThanMs;
  const removed: string[] = [];
  for (let after = ''; ; ) {
    const page = records.page(tenant, after, pageSize);
    for (const { reference, image, cachedAtMs, usedAtMs } of page) {
      const spared = reference === baseReference || kept.has(reference) || kept.has(image.digest);
      if (spared || inUse(image.digest) || Math.max(cachedAtMs, usedAtMs) > before) continue;
      removed.push(reference);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) break;
    after = last.reference;
  }
  onRemove?.(removed);
  return { removed, freedBytes: ofPartials + (await removeNames(removed)) };
}
