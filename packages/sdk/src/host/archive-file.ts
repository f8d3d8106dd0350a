import { InvalidArgumentError } from '../errors.ts';
import { assertReplaceable, draftOf, hostError, hostFs } from './host-fs.ts';

/** Writes a stream to a file that appears once it is whole; into a directory under a name. Gives the file's path; an abort cancels the stream. */
export async function writeArchive(
  archive: ReadableStream<Uint8Array>,
  hostPath: string,
  name: string,
  signal?: AbortSignal,
): Promise<string> {
  const { fs, path } = hostFs();
  const stats = await fs.stat(hostPath).catch(() => undefined);
  const target = stats?.isDirectory() || /[/\\]$/.test(hostPath) ? path.join(hostPath, name) : hostPath;
  const draft = draftOf(target);
  try {
    await assertReplaceable(target);
    await fs.writeFile(draft, archive, { flag: 'wx', ...(signal && { signal }) });
    await fs.rename(draft, target);
    return target;
  } catch (error) {
    await fs.rm(draft, { force: true });
    signal?.throwIfAborted();
    throw hostError(error, target);
  }
}

/** A file of the host as a stream. */
export async function readArchive(hostPath: string): Promise<ReadableStream<Uint8Array>> {
  const { fs } = hostFs();
  try {
    const file = await fs.open(hostPath);
    if (!(await file.stat()).isFile()) {
      await file.close();
      throw new InvalidArgumentError(`not a file: ${hostPath}; give what boxlite export wrote`);
    }
    const chunks: AsyncIterator<Uint8Array> = file
      .createReadStream({ highWaterMark: 256 * 1024 })
      [Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(new Uint8Array(value));
        },
        cancel: async () => void (await chunks.return?.()),
      },
      { highWaterMark: 0 },
    );
  } catch (error) {
    throw hostError(error, hostPath);
  }
}
