import { type OperationId, operations } from '@boxlite/api';
import { HttpError } from '../http/http-error.ts';
import type { Reply } from '../http/reply.ts';
import type { RestCall, Route, Routes } from '../routes/route.ts';
import { type Answer, given, keptError, keptReply } from './answer.ts';
import type { Attempt, Note } from './attempt.ts';
import { bodyLength, type Fingerprint, type Payload, payloadOf } from './payload.ts';
import type { KeySlot, RequestRecord, RequestRecords } from './records.ts';

export interface OnceEachOptions {
  readonly records: RequestRecords;
  /** Told when an answer could not be kept. */
  readonly onError: (error: unknown, requestId: string) => void;
  /** Ends what is noted of an effect in a tenant, none being ''. */
  readonly undo: (tenant: string, note: Note) => Promise<void>;
  /** How long a client that left before its answer may take to ask again. @default 60_000 */
  readonly graceMs?: number;
}

interface Running extends Fingerprint {
  readonly done: Promise<void>;
}

// An archive may be followed by bytes that its reader does not need.
const trailingBytes = 1024 * 1024;

/** Operations that change something, which a key makes safe to send again. */
export const keyedOperations: ReadonlySet<OperationId> = new Set(
  operations.flatMap(({ operationId, method, credential }) =>
    method === 'GET' || method === 'HEAD' || !credential ? [] : [operationId],
  ),
);

/**
 * The same routes, where a request with an `Idempotency-Key` is done once: the same request again waits for the first and
 * gets its answer, also after a restart. 422 for another request with that key.
 */
export function onceEach(routes: Routes, { records, onError, undo, graceMs = 60_000 }: OnceEachOptions): Routes {
  const running = new Map<string, Running>();
  const abandoned = new Map<string, NodeJS.Timeout>();

  async function once(operation: OperationId, route: Route, call: RestCall, slot: KeySlot): Promise<Reply> {
    const { signal } = call.request;
    const payload = await payloadOf(operation, call);
    const place = placeOf(slot);
    for (let other = running.get(place); other; other = running.get(place)) {
      if (differs(other, payload)) throw reused(slot);
      await settled(other.done, signal);
    }
    const known = records.get(slot);
    if (known && differs(known, payload)) throw reused(slot);
    // Who asks again has not left, also where the answer to the first try could not be kept.
    comeBack(slot, call.requestId);
    if (known?.answer && known.answer !== 'again') {
      return replayed(known, known.answer, payload, slot);
    }
    const done = Promise.withResolvers<void>();
    running.set(place, { head: payload.head, body: payload.body, done: done.promise });
    let undone = false;
    try {
      return await first(route, call, payload, slot, {
        former: known?.note,
        note: (note) => records.note(slot, payload, note),
        noteRemoval(note) {
          try {
            records.note(slot, payload, note);
          } catch (error) {
            onError(error, call.requestId);
          }
        },
        undoIfAbandoned() {
          undone = true;
        },
      });
    } finally {
      running.delete(place);
      done.resolve();
      if (undone && signal.aborted) {
        noteLeft(slot, true, call.requestId);
        abandon(payload, slot, call.requestId);
      }
    }
  }

  async function first(
    route: Route,
    call: RestCall,
    payload: Payload,
    slot: KeySlot,
    attempt: Attempt,
  ): Promise<Reply> {
    // Where it cannot: what was done was done. The client must hear of it, and a retry finds what was noted.
    const keep = (answer: Answer): boolean => kept(call.requestId, payload, slot, answer);
    let reply: Reply;
    try {
      reply = await route({ ...call, request: payload.request, attempt });
    } catch (error) {
      // Who broke off in the middle of a body has not said what the request is.
      const answer = payload.streamed ? undefined : keptError(error);
      if (answer) keep(answer);
      payload.leave();
      throw error;
    }
    if (await payload.finish(trailingBytes)) keep(keptReply(reply));
    else payload.leave();
    return reply;
  }

  function kept(requestId: string, payload: Fingerprint, slot: KeySlot, answer: Answer): boolean {
    try {
      records.finish(slot, payload, answer);
      return true;
    } catch (error) {
      onError(error, requestId);
      return false;
    }
  }

  /** On disk, so that the next process knows of it when this one ends within the grace. */
  function noteLeft(slot: KeySlot, isGone: boolean, requestId: string): void {
    try {
      records.left(slot, isGone);
    } catch (error) {
      onError(error, requestId);
    }
  }

  function comeBack(slot: KeySlot, requestId: string): void {
    const place = placeOf(slot);
    const timer = abandoned.get(place);
    if (timer === undefined) return;
    clearTimeout(timer);
    abandoned.delete(place);
    noteLeft(slot, false, requestId);
  }

  /** Undoes what was done when the grace is over. Who asks even later waits for that, and is not told of what is gone. */
  function abandon({ head, body }: Fingerprint, slot: KeySlot, requestId: string): void {
    const place = placeOf(slot);
    const end = async (): Promise<void> => {
      abandoned.delete(place);
      // First: a crash in between leaves the effect, which the route then finds by what it noted.
      if (!kept(requestId, { head, body }, slot, 'again')) return;
      // Also what fails at once: nobody waits for this timer, and an error of it would end the server.
      const undoing = async (): Promise<void> => undo(slot.tenant, records.get(slot)?.note ?? {});
      const done = undoing().catch((error: unknown) => onError(error, requestId));
      running.set(place, { head, body, done });
      await done;
      running.delete(place);
      noteLeft(slot, false, requestId);
    };
    abandoned.set(place, setTimeout(() => void end(), graceMs).unref());
  }

  for (const { slot, head, body } of records.abandoned()) abandon({ head, body }, slot, '');

  const wrapped: Partial<Record<OperationId, Route>> = {};
  for (const operation of keyedOperations) {
    wrapped[operation] = async (call) => {
      const key = call.request.headers.get('idempotency-key');
      if (key === null || call.who === undefined) return routes[operation](call);
      if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
        const message = 'Idempotency-Key must be one value of 1 to 255 visible ASCII characters, such as a UUID';
        throw new HttpError(400, 'InvalidArgumentError', message);
      }
      const { id: principal, root } = call.who;
      const slot = { principal, root, tenant: call.tenant ?? '', key };
      return once(operation, routes[operation], call, slot);
    };
  }
  return { ...routes, ...wrapped };
}

async function replayed(
  known: RequestRecord,
  answer: Exclude<Answer, 'again'>,
  payload: Payload,
  slot: KeySlot,
): Promise<Reply> {
  const whole = await payload.finish(bodyLength(known));
  if (!whole || differs(known, payload)) throw reused(slot);
  return given(answer);
}

function placeOf({ principal, tenant, key }: KeySlot): string {
  return JSON.stringify([principal, tenant, key]);
}

/** Whether two requests are known to be different. */
function differs(one: Fingerprint, other: Fingerprint): boolean {
  const bodies = one.body !== undefined && other.body !== undefined && one.body !== other.body;
  return one.head !== other.head || bodies;
}

function reused({ key }: KeySlot): HttpError {
  const message = `the Idempotency-Key ${key} was used for another request; use a new one for each`;
  return new HttpError(422, 'InvalidArgumentError', message);
}

/** Waits, but not for a client that is gone. */
async function settled(done: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const gone = Promise.withResolvers<never>();
  const leave = (): void => gone.reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([done, gone.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
