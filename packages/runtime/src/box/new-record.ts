import type { MadeOf } from '../archive/made-of.ts';
import { ulid } from '../id/ulid.ts';
import type { BoxRecord } from '../store/box-records.ts';

/** The record of a box that begins now; a box of a runtime with `detachAll` is detached whatever its options say. */
export function newRecord(made: MadeOf, name: string | undefined, detachAll: boolean): BoxRecord {
  const now = Date.now();
  return {
    id: ulid(),
    name,
    status: 'configured',
    createdAt: now,
    updatedAt: now,
    ...made,
    detached: detachAll || (made.options.detach ?? false),
    pid: undefined,
    timing: undefined,
    counters: { commands: 0, execErrors: 0, bytesIn: 0, bytesOut: 0 },
    history: {},
  };
}
