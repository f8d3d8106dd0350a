import { ImageError } from 'boxlite/backend';
import type { Extracted, ExtractOptions } from './extract.ts';
import { type StartUnpacker, startThread, type Unpacker } from './unpacker.ts';

/** Unpacks layers in a thread of its own, so that the event loop stays free: most of the work is synchronous. */
export interface Extractor {
  /** As `extractLayer`. */
  extract(options: ExtractOptions): Promise<Extracted>;
  close(): Promise<void>;
}

/** What goes to the thread. */
export type ThreadRequest =
  | { readonly number: number; readonly stop: true }
  | { readonly number: number; readonly stop: false; readonly options: Omit<ExtractOptions, 'signal'> };

/** What comes back: once for each extraction. */
export type ThreadAnswer =
  | { readonly number: number; readonly extracted: Extracted }
  | { readonly number: number; readonly failed: { readonly message: string; readonly image: boolean } };

/** A thread costs some 10 MiB while it is there, and 50 ms to start. */
const idleMs = 5000;

interface Thread {
  readonly worker: Unpacker;
  readonly waiting: Map<number, PromiseWithResolvers<Extracted>>;
}

/** Makes an extractor; its thread, or what `begin` starts in its place, is there while there is work, and a little longer. */
export function extractor(begin: StartUnpacker = startThread): Extractor {
  let thread: Thread | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  function start(): Thread {
    const waiting = new Map<number, PromiseWithResolvers<Extracted>>();
    const gone = (why: string): void => {
      if (thread === made) thread = undefined;
      for (const each of waiting.values()) {
        each.reject(new ImageError(`the thread that unpacks layers ended: ${why}; try again`));
      }
      waiting.clear();
    };
    const take = (answer: ThreadAnswer): void => {
      const each = waiting.get(answer.number);
      waiting.delete(answer.number);
      if ('extracted' in answer) each?.resolve(answer.extracted);
      else each?.reject(answer.failed.image ? new ImageError(answer.failed.message) : new Error(answer.failed.message));
      if (waiting.size > 0) return;
      worker.unref();
      idle = setTimeout(() => void end(made), idleMs);
      idle.unref();
    };
    const worker = begin({ answer: take, gone });
    const made: Thread = { worker, waiting };
    return made;
  }
  async function end(ending: Thread | undefined): Promise<void> {
    clearTimeout(idle);
    if (thread === ending) thread = undefined;
    await ending?.worker.end();
  }

  return {
    async extract({ signal, ...options }) {
      signal?.throwIfAborted();
      clearTimeout(idle);
      thread ??= start();
      const { worker, waiting } = thread;
      worker.ref();
      const number = ++last;
      const result = Promise.withResolvers<Extracted>();
      waiting.set(number, result);
      const post = (request: ThreadRequest): void => worker.post(request);
      const stop = (): void => post({ number, stop: true });
      signal?.addEventListener('abort', stop, { once: true });
      try {
        post({ number, stop: false, options });
        // Waited for also when it is stopped: the caller removes the folder that it writes to.
        return await result.promise;
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
    close: () => end(thread),
  };
}
