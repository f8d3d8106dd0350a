import { mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidStateError, StorageError } from 'boxlite/backend';

/**
 * Makes a home directory where there is none; gives its real path. `StorageError` where that cannot be, `InvalidStateError`
 * for one in which somebody else could put boxes of his own: another user's, or one that everybody may write to.
 */
export async function homeDirectory(given: string): Promise<string> {
  try {
    await mkdir(given, { recursive: true, mode: 0o700 });
    // Managed volumes are mounted by their path, which then may lead through no link.
    const path = await realpath(given);
    assertOwn(path, await stat(path));
    await mkdir(join(path, 'boxes'), { recursive: true, mode: 0o700 });
    return path;
  } catch (error) {
    if (error instanceof InvalidStateError) throw error;
    const why = error instanceof Error ? error.message : error;
    throw new StorageError(`cannot make or enter the home directory ${given}: ${why}; choose another`, {
      cause: error,
    });
  }
}

function assertOwn(path: string, { uid, mode }: { readonly uid: number; readonly mode: number }): void {
  const own = process.geteuid?.() ?? uid;
  if (uid !== own && uid !== 0) {
    const next = 'use a directory of your own, or give this one to the user who runs boxlite';
    throw new InvalidStateError(`home directory ${path} belongs to user ${uid}, and this is user ${own}; ${next}`);
  }
  if (mode & 0o002) {
    const next = `chmod o-w ${path}, or use a directory in it`;
    throw new InvalidStateError(`everybody may write to the home directory ${path}, and so make boxes there; ${next}`);
  }
}
