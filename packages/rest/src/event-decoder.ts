import { createParser } from 'eventsource-parser';

/** One event as it came. */
export interface EventMessage {
  /** Where to go on after it; absent when it bore none. */
  readonly id?: string | undefined;
  /** Its name, when it bore one. */
  readonly event?: string | undefined;
  /** What its `data` lines say, in JSON. */
  readonly data: string;
  /** The same parsed, where a decoder has done that. */
  readonly value?: unknown;
}

/** Takes the bytes of one connection as they come, cut anywhere, and gives the events that they complete. */
export type EventDecoder = (bytes: Uint8Array<ArrayBuffer>) => readonly EventMessage[];

const mostBytes = 2 ** 24;

/**
 * Decodes any event stream (HTML standard, 9.2.6), in a time that grows with its length alone. What is unfinished, and any line,
 * may be 16 MiB, or it throws what `refusal` makes.
 */
export function eventDecoder(onRetry: (ms: number) => void, refusal: (message: string) => Error): EventDecoder {
  const queue: EventMessage[] = [];
  const text = new TextDecoder();
  const parser = createParser({
    maxBufferSize: mostBytes,
    onEvent: (event) => queue.push(event),
    onRetry,
    onError: ({ type, message }) => {
      if (type === 'max-buffer-size-exceeded') throw refusal(message);
    },
  });
  // A line that is no field is skipped by the parser, however long it goes on.
  let unfinished = 0;
  return (bytes) => {
    const end = Math.max(bytes.lastIndexOf(10), bytes.lastIndexOf(13));
    unfinished = end < 0 ? unfinished + bytes.length : bytes.length - end - 1;
    if (unfinished > mostBytes) throw refusal(`a line of over ${mostBytes} bytes`);
    parser.feed(text.decode(bytes, { stream: true }));
    return queue.splice(0);
  };
}
