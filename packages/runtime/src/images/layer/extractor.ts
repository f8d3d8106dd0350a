import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ImageError } from 'boxlite/backend';
import type { Extracted, ExtractOptions } from './extract.ts';

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

const program = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './extract-thread.ts' : './extract-thread.js', import.meta.url),
);
/** A thread costs some 10 MiB while it is there, and 50 ms to start. */
const idleMs = 5000;

/** Makes an extractor; its thread is there while there is work, and a little longer. */
export function extractor(): Extractor {
  const waiting = new Map<number, PromiseWithResolvers<Extracted>>();
  let worker: Worker | undefined;
  let last = 0;

  function start(): Worker {
    const made = new Worker(program);
    const gone = (why: string) => () => {
      if (worker === made) worker = undefined;
      for (const [number, each] of waiting) {
        waiting.delete(number);
        each.reject(new ImageError(`the thread that unpacks layers ended: ${why}; try again`));
      }
    };
    made.on('message', (answer: ThreadAnswer) => {
      const each = waiting.get(answer.number);
      waiting.delete(answer.number);
      if ('extracted' in answer) each?.resolve(answer.extracted);
      else each?.reject(answer.failed.image ? new ImageError(answer.failed.message) : new Error(answer.failed.message));
      if (waiting.size > 0) return;
      made.unref();
      setTimeout(() => {
        if (waiting.size > 0 || worker !== made) return;
        worker = undefined;
        void made.terminate();
      }, idleMs).unref();
    });
    made.on('error', (error) => gone(String(error))());
    made.on('exit', (code) => worker === made && gone(`exit ${code}`)());
    return made;
  }

  return {
    async extract({ signal, ...options }) {
      signal?.throwIfAborted();
      const number = ++last;
      const result = Promise.withResolvers<Extracted>();
      waiting.set(number, result);
      worker ??= start();
      worker.ref();
      const thread = worker;
      const post = (request: ThreadRequest): void => thread.postMessage(request);
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
    async close() {
      const ending = worker;
      worker = undefined;
      await ending?.terminate();
    },
  };
}
