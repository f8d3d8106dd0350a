import type { BoxRecord } from './box-records.ts';

/** What a box is made of, and whose it is. */
export type NewBox = Pick<
  BoxRecord,
  'id' | 'tenant' | 'name' | 'detached' | 'image' | 'imageId' | 'rootfs' | 'defaults' | 'options'
>;

/** A box that was made now and never started. */
export function newBoxRecord(box: NewBox): BoxRecord {
  const now = Date.now();
  return {
    ...box,
    status: 'configured',
    createdAt: now,
    updatedAt: now,
    pid: undefined,
    timing: undefined,
    counters: { commands: 0, execErrors: 0, bytesIn: 0, bytesOut: 0 },
    history: {},
  };
}
