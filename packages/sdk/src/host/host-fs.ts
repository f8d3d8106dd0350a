/// <reference types="node" />
import {
  AlreadyExistsError,
  BoxliteError,
  InvalidArgumentError,
  NotFoundError,
  StorageError,
  UnsupportedError,
} from '../errors.ts';
import { randomUuid } from '../random-uuid.ts';

type Fs = typeof import('node:fs/promises');
type Path = typeof import('node:path');

/** The host's file system: only where there is one, and without an import that a bundler for browsers would follow. */
export function hostFs(): { readonly fs: Fs; readonly path: Path } {
  const { process } = globalThis as { process?: NodeJS.Process };
  const fs = process?.getBuiltinModule?.('node:fs/promises');
  const path = process?.getBuiltinModule?.('node:path');
  if (fs === undefined || path === undefined) {
    throw new UnsupportedError('host paths need Node, Deno or Bun; use upload and download with streams here');
  }
  return { fs, path };
}

/** Refuses a path at which, or where its link leads, is no file but a device, a pipe or a socket: a copy would replace it. */
export async function assertReplaceable(at: string): Promise<void> {
  const stat = await hostFs()
    .fs.stat(at)
    .catch(() => undefined);
  if (stat === undefined || stat.isFile() || stat.isDirectory()) return;
  throw new InvalidArgumentError(
    `refused to replace ${at} on this host: it is a device, a pipe or a socket; name a file, or take a stream`,
  );
}

/** Where a file is written that takes another's place once it is whole: beside it, under a name that is short whatever its own is. */
export function draftOf(at: string): string {
  const { path } = hostFs();
  return path.join(path.dirname(at), `.boxlite-${randomUuid()}.part`);
}

/** The error of the SDK for a failed call on a host path. */
export function hostError(error: unknown, path: string): unknown {
  if (error instanceof BoxliteError || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOENT':
      return new NotFoundError(`no such file or directory on this host: ${path}`, { cause: error });
    case 'EEXIST':
      return new AlreadyExistsError(`exists on this host: ${path}; copy with overwrite, or elsewhere`, {
        cause: error,
      });
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new InvalidArgumentError(`cannot copy ${path}: ${error.message}`, { cause: error });
    default:
      return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)
        ? new StorageError(`cannot copy ${path} on this host: ${error.message}`, { cause: error })
        : error;
  }
}
