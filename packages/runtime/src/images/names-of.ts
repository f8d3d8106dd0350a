import type { ImageRecords, NamedImage } from './records.ts';
import { formatReference, isDigest, parseReference } from './reference.ts';

/**
 * The images of a tenant that a text means: all names of a digest, or the one that a reference finds first, at the
 * registries to search in their order. `InvalidArgumentError` for what is neither.
 */
export function namesOf(
  records: Pick<ImageRecords, 'names' | 'named'>,
  tenant: string,
  digestOrReference: string,
  search: readonly string[],
): readonly NamedImage[] {
  if (isDigest(digestOrReference)) return records.names(tenant, digestOrReference);
  for (const reference of parseReference(digestOrReference, search)) {
    const found = records.named(tenant, formatReference(reference));
    if (found !== undefined) return [found];
  }
  return [];
}
