import type { ExecutionBackend, ExecutionInfo, OutputChunk, OutputCursor } from 'boxlite/backend';
import { exitEvent } from '../wire/execution.ts';
import { outputSplitter } from './output-splitter.ts';
import { type SharedFrames, sharedFrames } from './shared-frames.ts';
import { heartbeatFrame, jsonFrame, outputFrames } from './sse-frame.ts';

/** How an execution's output is streamed. */
export interface OutputStreamOptions {
  readonly from: OutputCursor;
  /** Pieces pass as they come, even if they end inside a character. */
  readonly bytes: boolean;
  /** Silence after which a comment is sent. */
  readonly heartbeatMs: number;
  /** Told how many bytes were sent. */
  readonly onBytes: (bytes: number) => void;
  /** Told once that the stream is over. */
  readonly onEnd: () => void;
  /** The data of the `error` event for what went wrong. */
  readonly describeError: (error: unknown) => unknown;
}

/** Nothing came in time. */
export const silence: unique symbol = Symbol('silence');

interface Reading {
  /** How many read it now. */
  readers: number;
  readonly frames: SharedFrames;
}

/** Of each execution whose output is read: frames for several readers are written once. */
const readings = new WeakMap<ExecutionBackend, Reading>();

function readingOf(execution: ExecutionBackend): Reading {
  const known = readings.get(execution) ?? { readers: 0, frames: sharedFrames() };
  readings.set(execution, known);
  return known;
}

/**
 * The output as Server-Sent Events, read only as fast as it is taken: `stdout` and `stderr`, then one `exit`, then the
 * end. Where bytes or the exit are lost there is an `error` event and no `exit`, so that nobody reads it as success.
 */
export function outputStream(execution: ExecutionBackend, options: OutputStreamOptions): ReadableStream<Uint8Array> {
  const reading = new AbortController();
  const splitter = outputSplitter(options.from, options.bytes);
  const together = readingOf(execution);
  let iterator: AsyncIterator<OutputChunk> | undefined;
  let ended = false;
  let pending: Promise<IteratorResult<OutputChunk>> | undefined;

  async function next(): Promise<Buffer[] | 'end'> {
    if (iterator === undefined) together.readers++;
    iterator ??= execution.output({ from: options.from, signal: reading.signal })[Symbol.asyncIterator]();
    if (!pending) {
      pending = iterator.next();
      // Nobody may be waiting when it rejects: a heartbeat went out, or the client went away.
      pending.catch(() => {});
    }
    const result = await withinMs(pending, options.heartbeatMs);
    if (result === silence) return [heartbeatFrame];
    pending = undefined;
    if (result.done) return 'end';
    options.onBytes(result.value.data.byteLength);
    const pieces = splitter.push(result.value);
    if (together.readers > 1) return pieces.map(together.frames.frame);
    return pieces.length === 0 ? [] : [outputFrames(pieces)];
  }

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const frames = await next();
        if (frames === 'end') {
          const info: ExecutionInfo = await execution.wait({ signal: reading.signal });
          controller.enqueue(Buffer.concat([outputFrames(splitter.flush()), jsonFrame('exit', exitEvent(info))]));
          controller.close();
          end();
          return;
        }
        for (const frame of frames) controller.enqueue(frame);
        if (frames.length > 0) return;
      }
    } catch (error) {
      if (reading.signal.aborted) return;
      stop();
      controller.enqueue(
        Buffer.concat([outputFrames(splitter.flush()), jsonFrame('error', options.describeError(error))]),
      );
      controller.close();
    }
  }

  function end(): void {
    if (iterator !== undefined && !ended) together.readers--;
    ended = true;
    options.onEnd();
  }

  function stop(): void {
    reading.abort();
    end();
    iterator?.return?.().catch(() => {});
  }

  return new ReadableStream<Uint8Array>({ pull, cancel: stop }, { highWaterMark: 0 });
}

/** The promise's value, or {@link silence} when it takes longer. */
export async function withinMs<T>(promise: Promise<T>, ms: number): Promise<T | typeof silence> {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<typeof silence>((resolve) => {
    timer = setTimeout(resolve, ms, silence);
  });
  try {
    return await Promise.race([promise, quiet]);
  } finally {
    clearTimeout(timer);
  }
}
