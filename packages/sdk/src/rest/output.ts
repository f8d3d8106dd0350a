import { type ExitEvent, exitEvent, outputEvent, type Schema, streamExecutionOutput } from '@boxlite/api/executions';
import { events, StatusError } from '@boxlite/rest';
import type { OutputChunk, OutputCursor } from '../backend/backend.ts';
import { NetworkError } from '../errors.ts';
import { loaded } from '../loaded.ts';
import { answered } from './answered.ts';
import { decodeBase64 } from './base64.ts';
import { type Connection, streamReconnects } from './connection.ts';
import { inBrowser } from './in-browser.ts';
import { eventError } from './rest-error.ts';

/**
 * A cursor beyond any end: the server skips all output and sends the exit when it comes.
 * That is how `wait` waits without moving the output. Fifteen digits are the most that a cursor may have.
 */
export const beyondTheEnd: OutputCursor = { stdout: 999_999_999_999_999, stderr: 999_999_999_999_999 };

export interface ReadOutputOptions {
  readonly box: string;
  readonly execution: string;
  readonly from?: OutputCursor | undefined;
  readonly signal?: AbortSignal | undefined;
  /** An answer that has it already, as long as it holds. */
  readonly begun?: Response | undefined;
  /** Called with the exit, before the iteration ends. */
  readonly onExit: (exit: ExitEvent) => void;
}

const anything = {
  '~standard': { version: 1, vendor: 'boxlite', validate: (value: unknown) => ({ value }) },
} as const;
// Its bytes, which a decoder may have read already.
const outputPiece: Schema<Uint8Array> = {
  '~standard': {
    version: 1,
    vendor: 'boxlite',
    validate(value) {
      if (value instanceof Uint8Array) return { value };
      const read = outputEvent['~standard'].validate(value);
      return read.issues ? read : { value: decodeBase64(read.value.data) };
    },
  },
};
const schemas = { stdout: outputPiece, stderr: outputPiece, exit: exitEvent, error: anything } as const;

/**
 * The output over Server-Sent Events from a cursor on, resumed whenever the connection breaks.
 * An event's id, `<stdout>.<stderr>`, counts the bytes of each stream up to and with that event: bytes that come
 * twice are dropped by it, missing ones are an error. A server without ids works as long as the connection holds.
 */
export async function* readOutput(
  connection: Connection,
  options: ReadOutputOptions,
): AsyncGenerator<OutputChunk, void, undefined> {
  const { box, execution, from = { stdout: 0, stderr: 0 }, signal, begun, onExit } = options;
  const had = { ...from };
  // What a server without ids has sent: it always begins at the beginning.
  const counted = { stdout: 0, stderr: 0 };
  const started = from.stdout > 0 || from.stderr > 0;
  const client = answered(connection.client, begun);
  try {
    // What is faster in Node is not loaded by a page.
    const faster =
      'Buffer' in globalThis && !inBrowser()
        ? (await loaded(() => import('../host/output-decoder.ts'))).outputDecoder
        : undefined;
    const stream = events(client, streamExecutionOutput({ box, execution, bytes: true }), schemas, {
      ...connection.retries,
      reconnects: streamReconnects,
      signal,
      idleMs: connection.idleTimeoutMs,
      lastEventId: started ? `${from.stdout}.${from.stderr}` : undefined,
      decoder: faster,
      until: (event) => event.name === 'exit' || event.name === 'error',
    });
    for await (const event of stream) {
      if (event.name === 'error') throw eventError(event.data);
      const reached = event.id === undefined ? undefined : parseCursor(event.id);
      if (event.name === 'exit') {
        if (reached !== undefined)
          for (const name of ['stdout', 'stderr'] as const) refuseGap(name, had[name], reached[name]);
        onExit(event.data);
        // Read on to the end of the body, which follows at once: only then can the connection be used again.
        continue;
      }
      const { data } = event;
      const end = reached?.[event.name] ?? counted[event.name] + data.length;
      counted[event.name] = end;
      refuseGap(event.name, had[event.name], end - data.length);
      const fresh = end - had[event.name];
      if (fresh <= 0) continue;
      const offset = had[event.name];
      had[event.name] = end;
      yield { stream: event.name, data: fresh < data.length ? data.subarray(data.length - fresh) : data, offset };
    }
  } catch (error) {
    throw error instanceof StatusError ? connection.failure(error) : incomplete(connection.failure(error), execution);
  } finally {
    // Refused where it was read: then its reader has let go of it.
    begun?.body?.cancel().catch(() => {});
  }
}

function incomplete(error: unknown, execution: string): unknown {
  if (!(error instanceof NetworkError)) return error;
  return new NetworkError(`output incomplete: the stream of execution ${execution} was lost; ${error.message}`, {
    cause: error.cause,
  });
}

function refuseGap(stream: 'stdout' | 'stderr', had: number, start: number): void {
  if (start > had) throw new NetworkError(`bytes ${had} to ${start} of ${stream} did not come`);
}

function parseCursor(id: string): OutputCursor | undefined {
  const match = /^(\d{1,16})\.(\d{1,16})$/.exec(id);
  return match ? { stdout: Number(match[1]), stderr: Number(match[2]) } : undefined;
}
