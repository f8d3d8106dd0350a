import type { OperationId } from '@boxlite/api';
import {
  type BoxBackend,
  boxNotFound,
  type ExecutionBackend,
  NotFoundError,
  type RuntimeBackend,
} from 'boxlite/backend';
import type { Principal } from '../auth/principal.ts';
import type { Generation } from '../http/generation.ts';
import type { Reply } from '../http/reply.ts';
import type { Attempt } from '../idempotency/attempt.ts';
import type { Tenants } from '../tenants.ts';
import type { UpgradeSlot } from '../terminal/upgrade-slot.ts';

/** One request that was let in: authenticated where its operation needs that, its tenant and scope checked. */
export interface RestCall {
  readonly request: Request;
  /** The path's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  /** What comes before `/boxes` in the paths that are told the client, as it wrote it. */
  readonly root: string;
  /** For whose clients an error is worded. */
  readonly generation: Generation;
  /** The backend as the tenant has it; where the operation needs no credential, that of no tenant. */
  readonly backend: RuntimeBackend;
  /** The tenant that the path means for who asks. */
  readonly tenant: string | undefined;
  /** The tenant's segment of the path, as it was written. */
  readonly prefix: string | undefined;
  readonly tenants: Tenants;
  /** Who asks; undefined where the operation needs no credential. */
  readonly who: Principal | undefined;
  /** Set when the client asks for a WebSocket. */
  readonly upgrade: UpgradeSlot | undefined;
  /** Set when the request has an idempotency key. */
  readonly attempt?: Attempt | undefined;
}

/** Answers one operation; what it throws becomes the envelope. */
export type Route = (call: RestCall) => Promise<Reply>;

/** Routes by operation. */
export type Routes<Id extends OperationId = OperationId> = Readonly<Record<Id, Route>>;

const slotPattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

/** The box that the path names, by id or name; 404 when there is none. */
export async function pathBox(call: RestCall): Promise<BoxBackend> {
  const slot = boxSlot(call);
  const box = await call.backend.get(slot);
  if (box === null) throw noSuchBox(slot);
  return box;
}

/** The id or name in the path; 404 when it cannot be one. */
export function boxSlot(call: RestCall): string {
  const slot = call.params['box_id'] ?? '';
  if (!slotPattern.test(slot)) throw noSuchBox(slot);
  return slot;
}

/** The execution that the path names; 404 when there is none. */
export async function pathExecution(call: RestCall): Promise<ExecutionBackend> {
  return executionOf(await pathBox(call), call);
}

/** The execution of this box that the path names; 404 when there is none. */
export async function executionOf(box: BoxBackend, call: RestCall): Promise<ExecutionBackend> {
  const id = call.params['execution_id'] ?? '';
  if (!slotPattern.test(id)) throw new NotFoundError(`the box has no execution ${JSON.stringify(id.slice(0, 128))}`);
  return box.execution(id);
}

function noSuchBox(slot: string): NotFoundError {
  return boxNotFound(slotPattern.test(slot) ? slot : JSON.stringify(slot.slice(0, 128)));
}
