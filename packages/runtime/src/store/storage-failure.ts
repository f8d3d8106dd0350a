import { BoxliteError, StorageError } from 'boxlite/backend';

/** What SQLite or the file system threw as a `StorageError`; everything else as it is. */
export function storageFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BoxliteError || !('code' in error)) return error;
  const ofFiles = 'syscall' in error && typeof error.code === 'string';
  if (!ofFiles && error.code !== 'ERR_SQLITE_ERROR') return error;
  return new StorageError(
    `the home directory cannot be written or read: ${error.message}; free space or check its disk`,
    {
      cause: error,
    },
  );
}
