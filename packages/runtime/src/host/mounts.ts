import { readFile } from 'node:fs/promises';

/** A mount as this process sees it. */
export interface HostMount {
  readonly path: string;
  readonly type: string;
  /** Of the file system, not of the mount. */
  readonly options: readonly string[];
}

// The kernel writes a blank, tab, newline or backslash in a path as an octal escape.
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Reads a `mountinfo` text, the oldest mount first; what is no line of one is left out. */
export function parseMounts(mountinfo: string): readonly HostMount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const separator = fields.indexOf('-');
    const path = fields[4];
    const type = fields[separator + 1];
    if (separator < 6 || path === undefined || type === undefined) return [];
    return [{ path: unescapePath(path), type, options: (fields[separator + 3] ?? '').split(',') }];
  });
}

/** The mounts that this process sees. */
export async function readMounts(path = '/proc/self/mountinfo'): Promise<readonly HostMount[]> {
  return parseMounts(await readFile(path, 'utf8'));
}

/** Where something is mounted below a directory, relative to it; what lies in another of them comes after it. */
export function mountedBelow(mounts: readonly HostMount[], folder: string): readonly string[] {
  const start = folder === '/' ? '/' : `${folder}/`;
  const below = mounts.filter(({ path }) => path.startsWith(start)).map(({ path }) => path.slice(start.length));
  return [...new Set(below)].toSorted();
}
