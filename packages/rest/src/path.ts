const dots = /^(?:\.|%2e){1,2}$/i;

/** Builds a path; every hole is escaped to exactly one segment. Throws a TypeError for an empty or a dot segment. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number | bigint)[]): string {
  return String.raw({ raw: parts }, ...values.map(escapeSegment));
}

function escapeSegment(value: string | number | bigint): string {
  const text = String(value);
  // "%2e" would be escaped once more here, but a server that decodes twice would still climb.
  if (!text || dots.test(text)) throw new TypeError(`use a name, not ${JSON.stringify(text)}`);
  return encodeURIComponent(text);
}
