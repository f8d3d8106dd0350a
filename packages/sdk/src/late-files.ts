import type { BoxBackend } from './backend/backend.ts';
import { endable } from './endable.ts';
import type { BoxFiles } from './files.ts';
import { latePart } from './late-part.ts';
import { lateSdk } from './late-sdk.ts';
import { once } from './once.ts';

/** The files of a box, whose checks are loaded when they are first used. */
export function lateFiles(backend: Pick<BoxBackend, 'files'>): BoxFiles {
  const files = once(async () => (await lateSdk()).boxFiles(backend));
  return {
    ...latePart(files, 'read', 'readText', 'readStream', 'stat', 'remove', 'mkdir'),
    async write(path, content, options) {
      // As it is now: the caller may go on with its buffer at once.
      const own = content instanceof Uint8Array ? new Uint8Array(content) : content;
      await (await files()).write(path, own, options);
    },
    list: (path, call = {}) =>
      endable(async function* (signal) {
        yield* (await files()).list(path, { ...call, signal });
      }, call.signal),
  };
}
