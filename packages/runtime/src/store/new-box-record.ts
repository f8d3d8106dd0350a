import { ulid } from '../id/ulid.ts';
import type { BoxRecord } from './box-records.ts';

/** What a box is made of, and whose it is. */
export type NewBox = Pick<BoxRecord, 'tenant' | 'name' | 'image' | 'imageId' | 'rootfs' | 'defaults' | 'options'> & {
  /** It is detached whatever its options say. */
  readonly detachAll: boolean;
};

/** A box that was made now and never started. */
export function newBoxRecord({ detachAll, ...box }: NewBox): BoxRecord {
  const now = Date.now();
  return {
    id: ulid(),
    ...box,
    detached: detachAll || (box.options.detach ?? false),
    status: 'configured',
    createdAt: now,
    updatedAt: now,
    pid: undefined,
    timing: undefined,
    counters: { commands: 0, execErrors: 0, bytesIn: 0, bytesOut: 0 },
    history: {},
  };
}
