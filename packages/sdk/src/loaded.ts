import { NetworkError } from './errors.ts';

/** What an `import()` gives; `NetworkError` where a page can no longer load it. */
export async function loaded<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const remedy =
      'check the connection, and that the files are still where the page was loaded from; then call again, or load the page or start the program anew';
    throw new NetworkError(`a part of boxlite could not be loaded: ${cause}; ${remedy}`, { cause });
  }
}
