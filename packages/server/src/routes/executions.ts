import {
  execRequest,
  type ListExecutionsResponse,
  listExecutionsQuery,
  resizeRequest,
  signalRequest,
} from '@boxlite/api';
import {
  type ExecutionBackend,
  InvalidArgumentError,
  InvalidStateError,
  NotFoundError,
  type OutputCursor,
  type RuntimeBackend,
  TimeoutError,
} from 'boxlite/backend';
import { errorAnswer, errorBody } from '../http/error-answer.ts';
import { requireMediaType } from '../http/media-type.ts';
import { empty, eventSource, json } from '../http/respond.ts';
import { serverTiming, startStages, timed } from '../http/server-timing.ts';
import { readJson, readQuery } from '../http/validated.ts';
import { signalOnce, startOnce, takenEarlier } from '../idempotency/executions.ts';
import { readCursor } from '../output/cursor.ts';
import { outputStream } from '../output/output-stream.ts';
import type { PageTokens } from '../paging/page-tokens.ts';
import type { ServerMetrics } from '../site/metrics.ts';
import { execOptionsFromWire } from '../wire/box-options.ts';
import { executionToWire } from '../wire/execution.ts';
import { pathBox, pathExecution, type RestCall, type Routes } from './route.ts';

type ExecutionOperation =
  | 'startExecution'
  | 'listExecutions'
  | 'getExecution'
  | 'streamExecutionOutput'
  | 'sendExecutionInput'
  | 'signalExecution'
  | 'resizeExecution';

/** What the operations on executions need of the server. */
export interface ExecutionRouteOptions {
  /** Silence after which a stream of output gets a comment. */
  readonly heartbeatMs: number;
  /** How long a command may take none of the input that a request brings. */
  readonly inputTimeoutMs: number;
  /** Told of every error that ended a stream of output. */
  readonly onStreamError: (error: unknown, requestId: string) => void;
  readonly metrics: Pick<ServerMetrics, 'addOutputBytes' | 'stream'>;
  readonly pages: PageTokens;
}

/** The operations on executions, but for the WebSocket terminal. */
export function executionRoutes(options: ExecutionRouteOptions): Routes<ExecutionOperation> {
  const { heartbeatMs, inputTimeoutMs, onStreamError, metrics, pages } = options;
  const output = (call: RestCall, execution: ExecutionBackend, from: OutputCursor): ReadableStream<Uint8Array> =>
    outputStream(execution, {
      from,
      bytes: call.request.headers.get('x-boxlite-output')?.toLowerCase() === 'bytes',
      heartbeatMs,
      onBytes: metrics.addOutputBytes,
      onEnd: metrics.stream(),
      describeError(error) {
        onStreamError(error, call.requestId);
        return errorBody(errorAnswer(error, call.requestId), call.generation);
      },
    });
  return {
    async startExecution(call) {
      const request = await readJson(call.request, execRequest);
      if (request.timeout_seconds !== undefined) await checkTimeout(request.timeout_seconds, call.backend);
      const box = await pathBox(call);
      const [id, ms] = await timed(() => startOnce(call, box, execOptionsFromWire(request)));
      // All that the box did not need for its own start was between its guest and the command.
      const { queue: guest = 0, ...start } = startStages(box.snapshot, ms);
      const timing = serverTiming({ ...start, guest: (start.guest ?? 0) + guest });
      const headers = { location: `${call.root}/boxes/${box.id}/executions/${id}`, ...timing };
      const execution = wantsOutput(call.request) || closesStdin(call.request) ? await box.execution(id) : undefined;
      if (execution && closesStdin(call.request)) await closeStdin(execution);
      const named = json(201, { execution_id: id }, headers);
      if (!execution || !wantsOutput(call.request)) return named;
      const begun = eventSource(output(call, execution, { stdout: 0, stderr: 0 }), { status: 201, headers });
      // Not the output again: once the execution is removed, its id is what keeps it from being started twice.
      return { ...begun, repeated: named };
    },

    async listExecutions(call) {
      const { pageSize = 100, pageToken } = readQuery(call.request, listExecutionsQuery);
      const box = await pathBox(call);
      const list = ['executions', call.tenant, box.id];
      const { pageToken: after = '' } = pages.open(list, pageToken);
      // Ids are in the order of time, also of those that are gone since the page before.
      const left = (await box.executions()).filter(({ id }) => id > after).toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const page = left.slice(0, pageSize);
      const next = left.length > pageSize ? page.at(-1)?.id : undefined;
      return json(200, {
        executions: page.map(executionToWire),
        next_page_token: pages.sign(list, next),
      } satisfies ListExecutionsResponse);
    },

    async getExecution(call) {
      return json(200, executionToWire(await (await pathExecution(call)).info()));
    },

    async streamExecutionOutput(call) {
      const from = readCursor(call.request.headers.get('last-event-id'));
      return eventSource(output(call, await pathExecution(call), from));
    },

    async sendExecutionInput(call) {
      const { headers, body } = call.request;
      if (headers.has('content-type')) requireMediaType(call.request, 'application/octet-stream');
      const execution = await pathExecution(call);
      const skip = takenEarlier(call, execution);
      if (body) await writeAll(body, execution, skip, call.request.signal, inputTimeoutMs);
      if (closesStdin(call.request)) await execution.closeStdin();
      return empty(204);
    },

    async signalExecution(call) {
      const { signal } = await readJson(call.request, signalRequest);
      await signalOnce(call, await pathExecution(call), signal);
      return empty(204);
    },

    async resizeExecution(call) {
      const size = await readJson(call.request, resizeRequest);
      await (await pathExecution(call)).resize(size);
      return empty(204);
    },
  };
}

/** Whether the output is to be the answer: `Accept` has to name its type, and not as what is liked least. */
function wantsOutput({ headers }: Request): boolean {
  return /(?:^|,)\s*text\/event-stream\s*(?:,|$)/i.test(headers.get('accept') ?? '');
}

function closesStdin({ headers }: Request): boolean {
  return headers.get('x-close-stdin')?.toLowerCase() === 'true';
}

/** A command that has ended, or whose stdin an earlier try has closed, is no error. */
async function closeStdin(execution: ExecutionBackend): Promise<void> {
  try {
    await execution.closeStdin();
  } catch (error) {
    if (!(error instanceof InvalidStateError || error instanceof NotFoundError)) throw error;
  }
}

async function checkTimeout(seconds: number, backend: RuntimeBackend): Promise<void> {
  const most = (await backend.config()).capabilities.execTimeoutMaxSeconds;
  if (seconds <= most) return;
  throw new InvalidArgumentError(`timeout_seconds must be at most ${most} on this server; got ${seconds}`);
}

/**
 * A command may never read what is written, and a connection whose bytes nobody reads does not tell that its client is
 * gone: so the wait ends with the client, but at the latest after `timeoutMs` in which nothing was taken.
 */
async function writeAll(
  body: ReadableStream<Uint8Array>,
  execution: ExecutionBackend,
  skip: number,
  client: AbortSignal,
  timeoutMs: number,
): Promise<void> {
  const late = new AbortController();
  const signal = AbortSignal.any([client, late.signal]);
  const stuck = (): void => late.abort(new TimeoutError(`the command took no input for ${timeoutMs / 1000} s`));
  let passed = 0;
  for await (const whole of body) {
    const piece = whole.subarray(Math.max(0, skip - passed));
    passed += whole.byteLength;
    if (piece.byteLength === 0) continue;
    const timer = setTimeout(stuck, timeoutMs);
    try {
      await execution.write(piece, { signal });
    } finally {
      clearTimeout(timer);
    }
  }
}
