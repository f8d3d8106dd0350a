// A target, or a parameter whose quoted value may hold anything, commas and angle brackets too.
const pieces = /<([^<>]*)>|;\s*([^=;,\s]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*)))?/g;

/** The targets of a `Link` header (RFC 8288) by relation, lower-cased; the first of a relation counts. */
export function parseLinks(header: string | null): Map<string, string> {
  const found = new Map<string, string>();
  let target: string | undefined;
  for (const [, link, name = '', quoted, plain = ''] of (header ?? '').matchAll(pieces)) {
    target = link ?? target;
    if (target === undefined || name.toLowerCase() !== 'rel') continue;
    for (const relation of (quoted ?? plain).toLowerCase().split(/\s+/)) {
      if (!found.has(relation)) found.set(relation, target);
    }
    // Of several `rel` parameters of one link only the first counts (RFC 8288, 3.3).
    target = undefined;
  }
  return found;
}
