/** What a path leads to, and what its names stand for, decoded. */
export interface PathMatch<T> {
  readonly value: T;
  readonly params: Readonly<Record<string, string>>;
}

interface Node<T> {
  readonly fixed: Map<string, Node<T>>;
  hole?: Node<T>;
  end?: { readonly value: T; readonly names: readonly string[] };
}

/**
 * Looks paths up by their segments, `{name}` for any that is not empty; where several fit, the one whose first different
 * segment is fixed wins. It gives undefined for a path that leads nowhere. What is looked up must be well encoded.
 */
export function pathTree<T>(
  entries: Iterable<readonly [path: string, value: T]>,
): (path: string) => PathMatch<T> | undefined {
  const root: Node<T> = { fixed: new Map() };
  for (const [path, value] of entries) {
    let node = root;
    const names: string[] = [];
    for (const segment of path.split('/')) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      const known = name === undefined ? node.fixed.get(segment) : node.hole;
      const next = known ?? { fixed: new Map() };
      if (name === undefined) node.fixed.set(segment, next);
      else {
        node.hole = next;
        names.push(name);
      }
      node = next;
    }
    node.end = { value, names };
  }
  return (path) => {
    const segments = path.split('/');
    if (path.includes('%')) for (const [at, segment] of segments.entries()) segments[at] = decodeURIComponent(segment);
    const values: string[] = [];
    const found = walk(root, segments, 0, values);
    if (!found) return undefined;
    const params: Record<string, string> = {};
    for (const [at, name] of found.names.entries()) params[name] = values[at] ?? '';
    return { value: found.value, params };
  };
}

function walk<T>(node: Node<T>, segments: readonly string[], at: number, values: string[]): Node<T>['end'] {
  const segment = segments[at];
  if (segment === undefined) return node.end;
  const fixed = node.fixed.get(segment);
  const found = fixed && walk(fixed, segments, at + 1, values);
  if (found || !node.hole || segment === '') return found;
  values.push(segment);
  const beyond = walk(node.hole, segments, at + 1, values);
  if (!beyond) values.pop();
  return beyond;
}
