import type { ExecutionBackend } from './backend/backend.ts';
import { BoxliteError } from './errors.ts';
import { iterable } from './iterable.ts';
import type { StdinSource } from './start-execution.ts';
import { stdinBytes } from './stdin-bytes.ts';

/** Feeds all of a source and closes stdin; a command that ended without reading it all is no error. */
export async function feedStdin(backend: ExecutionBackend, source: StdinSource | undefined): Promise<void> {
  try {
    if (typeof source === 'string') {
      if (source !== '') await backend.write(new TextEncoder().encode(source));
    } else if (source instanceof Uint8Array) {
      if (source.length > 0) await backend.write(source);
    } else if (source !== undefined) {
      for await (const bytes of iterable(source)) await backend.write(stdinBytes(bytes));
    }
    await backend.closeStdin();
  } catch (error) {
    if (!(error instanceof BoxliteError && endedCodes.has(error.code))) throw error;
  }
}

const endedCodes: ReadonlySet<string> = new Set(['invalid_state', 'not_found', 'stopped']);
