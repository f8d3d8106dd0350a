import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';

/**
 * Does something with a directory of the host that is still the one of that path, through no symbolic link: whoever may
 * write above it could put one there between a look and a mount. `source` names the directory itself, whatever is moved.
 */
export async function withPinned<T>(path: string, use: (source: string) => Promise<T>): Promise<T> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const directory = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((cause) => {
    throw new EngineError(`cannot open the directory ${path}: ${cause.message}`, { cause });
  });
  try {
    if ((await readlink(`/proc/self/fd/${directory.fd}`)) !== path) {
      throw new EngineError(
        `${path} leads elsewhere by a symbolic link; make the box anew with the path that is meant`,
      );
    }
    return await use(`/proc/${process.pid}/fd/${directory.fd}`);
  } finally {
    await directory.close();
  }
}
