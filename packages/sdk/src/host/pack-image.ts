import { ImageError } from '../errors.ts';
import { readArchive } from './archive-file.ts';
import { hostFs } from './host-fs.ts';
import { packHost } from './pack-host.ts';

/** What a server imports as an image: a directory of the host as a tar with its owners, or a file as it is. `ImageError`. */
export async function packImage(hostPath: string): Promise<ReadableStream<Uint8Array>> {
  const { fs } = hostFs();
  const stat = await fs.stat(hostPath).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new ImageError(`cannot import ${hostPath}: ${why}`, { cause });
  });
  if (stat.isDirectory()) return packHost(hostPath, { owners: true });
  if (!stat.isFile()) throw new ImageError(`cannot import ${hostPath}: it is neither a file nor a directory`);
  return readArchive(hostPath);
}
