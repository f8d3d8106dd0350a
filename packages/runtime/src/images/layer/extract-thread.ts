import { parentPort } from 'node:worker_threads';
import { ImageError } from 'boxlite/backend';
import { extractLayer } from './extract.ts';
import type { ThreadAnswer, ThreadRequest } from './extractor.ts';

// What an unpacker of unpacker.ts runs, in a thread or a process: several extractions at a time, each stopped by a message.
const running = new Map<number, AbortController>();

const post = (message: ThreadAnswer): void => {
  if (parentPort) parentPort.postMessage(message);
  else process.send?.(message);
};
const take = (request: ThreadRequest): void => {
  const { number } = request;
  if (request.stop) {
    running.get(number)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(number, controller);
  const answer = (message: ThreadAnswer): void => {
    running.delete(number);
    post(message);
  };
  extractLayer({ ...request.options, signal: controller.signal }).then(
    (extracted) => answer({ number, extracted }),
    (error) =>
      answer({ number, failed: { message: String(error?.message ?? error), image: error instanceof ImageError } }),
  );
};
if (parentPort) parentPort.on('message', take);
else process.on('message', take).on('disconnect', () => process.exit());
