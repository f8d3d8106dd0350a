import type { ExecutionBackend } from './backend/backend.ts';
import { stdinBytes } from './stdin-bytes.ts';

/** A command's stdin as a stream: a write resolves once the backend took it, closing or aborting ends the input. */
export function stdinStream(backend: ExecutionBackend): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: async (bytes) => backend.write(stdinBytes(bytes)),
    close: () => backend.closeStdin(),
    abort: () => backend.closeStdin(),
  });
}
