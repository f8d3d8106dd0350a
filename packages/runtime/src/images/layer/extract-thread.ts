import { parentPort } from 'node:worker_threads';
import { ImageError } from 'boxlite/backend';
import { extractLayer } from './extract.ts';
import type { ThreadAnswer, ThreadRequest } from './extractor.ts';

// What a worker of extractor.ts runs: several extractions at a time, each stopped by a message.
const running = new Map<number, AbortController>();

parentPort?.on('message', (request: ThreadRequest) => {
  const { number } = request;
  if (request.stop) {
    running.get(number)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(number, controller);
  const answer = (message: ThreadAnswer): void => {
    running.delete(number);
    parentPort?.postMessage(message);
  };
  extractLayer({ ...request.options, signal: controller.signal }).then(
    (extracted) => answer({ number, extracted }),
    (error) =>
      answer({ number, failed: { message: String(error?.message ?? error), image: error instanceof ImageError } }),
  );
});
