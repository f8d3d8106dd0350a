import { ExecutionError } from '../errors.ts';

/** A line that the driver of a context writes. */
export type CodeMessage =
  | { readonly type: 'ready'; readonly version: string }
  | { readonly type: 'stdout' | 'stderr'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'result'; readonly main: boolean; readonly data: Readonly<Record<string, string>> }
  | { readonly type: 'done'; readonly id: number; readonly error: CodeFailure | undefined };

/** What a run raised. */
export interface CodeFailure {
  /** The class of the exception, such as `ZeroDivisionError`. */
  readonly name: string;
  /** What the exception says. */
  readonly message: string;
  /** As Python prints it, without the frames of BoxLite. */
  readonly traceback: string;
}

/** Reads a line of the driver, which whatever runs in the box may have written. `ExecutionError` for anything else. */
export function readCodeMessage(line: string): CodeMessage {
  try {
    const message = fields(JSON.parse(line));
    switch (message['type']) {
      case 'ready':
        return { type: 'ready', version: text(message['version']) };
      case 'stdout':
      case 'stderr':
        return { type: message['type'], bytes: Uint8Array.from(atob(text(message['data'])), (c) => c.charCodeAt(0)) };
      case 'result': {
        const data = Object.entries(fields(message['data'])).map(([form, shown]) => [form, text(shown)] as const);
        return { type: 'result', main: message['main'] === true, data: Object.fromEntries(data) };
      }
      case 'done':
        return { type: 'done', id: Number(message['id']), error: failure(message['error']) };
    }
  } catch {
    // Told below, whatever was wrong with it.
  }
  throw new ExecutionError('the context wrote something that is not of its driver; open another context');
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return Object.fromEntries(Object.entries(value));
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
}

function failure(value: unknown): CodeFailure | undefined {
  if (value === null || value === undefined) return undefined;
  const { name, message, traceback } = fields(value);
  return { name: text(name), message: text(message), traceback: text(traceback) };
}
