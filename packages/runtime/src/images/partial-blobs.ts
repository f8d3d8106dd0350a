import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Blobs of which a part is here, between one try to fetch them and the next. A blob that is being fetched is not among
 * them: who takes one has it alone.
 */
export interface PartialBlobs {
  /** Moves what is here of a blob to a path, if anything is. */
  take(digest: string, file: string): Promise<void>;
  /** Keeps the start of a blob for the next try, unless more of it is here; a file that is missing is no error. */
  keep(digest: string, file: string): Promise<void>;
  /** Keeps what lies in a folder under a {@link blobFileName}. */
  salvage(directory: string): Promise<void>;
  /** Removes what was not added to for that many milliseconds; tells the bytes. */
  sweep(olderThanMs: number): Promise<number>;
}

const suffix = '.blob';
const pattern = /^[0-9a-f]{64}\.blob$/;

/** What a file that may hold a part of a blob must be called, so that it is known after its process was killed. */
export function blobFileName(digest: string): string {
  return `${digest.slice('sha256:'.length)}${suffix}`;
}

/** Opens the folder of partial blobs. */
export async function partialBlobs(directory: string): Promise<PartialBlobs> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const size = (file: string): Promise<number> =>
    stat(file).then(
      (stats) => stats.size,
      () => 0,
    );
  const keep = async (name: string, file: string): Promise<void> => {
    const kept = join(directory, name);
    if ((await size(file)) > (await size(kept))) await rename(file, kept);
  };
  return {
    async take(digest, file) {
      await rename(join(directory, blobFileName(digest)), file).catch((error) => {
        if (error.code !== 'ENOENT') throw error;
      });
    },
    keep: (digest, file) => keep(blobFileName(digest), file),
    async salvage(from) {
      const names = await readdir(from).catch(() => []);
      for (const name of names) if (pattern.test(name)) await keep(basename(name), join(from, name));
    },
    async sweep(olderThanMs) {
      const before = Date.now() - olderThanMs;
      let bytes = 0;
      for (const name of await readdir(directory)) {
        const file = join(directory, name);
        const stats = await stat(file).catch(() => undefined);
        if (stats === undefined || stats.mtimeMs > before) continue;
        bytes += stats.size;
        await rm(file, { recursive: true, force: true });
      }
      return bytes;
    },
  };
}
