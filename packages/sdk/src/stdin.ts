import { refuse } from './argument.ts';
import type { ExecutionBackend } from './backend/backend.ts';
import { BoxliteError } from './errors.ts';
import { iterable } from './iterable.ts';
import type { StdinSource } from './start-execution.ts';

/** A command's stdin as a stream: a write resolves once the backend took it, closing or aborting ends the input. */
export function stdinStream(backend: ExecutionBackend): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: async (bytes) => backend.write(checkBytes(bytes)),
    close: () => backend.closeStdin(),
    abort: () => backend.closeStdin(),
  });
}

/** Feeds all of a source and closes stdin; a command that ended without reading it all is no error. */
export async function feedStdin(backend: ExecutionBackend, source: StdinSource | undefined): Promise<void> {
  try {
    if (typeof source === 'string') {
      if (source !== '') await backend.write(new TextEncoder().encode(source));
    } else if (source instanceof Uint8Array) {
      if (source.length > 0) await backend.write(source);
    } else if (source !== undefined) {
      for await (const bytes of iterable(source)) await backend.write(checkBytes(bytes));
    }
    await backend.closeStdin();
  } catch (error) {
    if (!(error instanceof BoxliteError && endedCodes.has(error.code))) throw error;
  }
}

function checkBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  const shown = typeof chunk === 'string' ? chunk.slice(0, 40) : chunk;
  return refuse('what is written to stdin', 'bytes, as new TextEncoder().encode(text) gives them', shown);
}

const endedCodes: ReadonlySet<string> = new Set(['invalid_state', 'not_found', 'stopped']);
