import type { BoxInfo } from 'boxlite/backend';

/** How long the parts of an answer took, in milliseconds, by their names in `Server-Timing`. */
export type Stages = Readonly<Partial<Record<'queue' | 'image' | 'rootfs' | 'start' | 'guest', number>>>;

/** Does something, and tells how long it took in milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<readonly [result: T, ms: number]> {
  const began = performance.now();
  return [await work(), performance.now() - began];
}

/** The parts of a box's creation: what is not its image is waiting. */
export function creationStages({ bootTiming }: BoxInfo, tookMs: number): Stages {
  const image = Math.min(tookMs, bootTiming?.imagePrepareMs ?? 0);
  return { queue: tookMs - image, image };
}

/** The parts of a box's start, where it was in that time; what is left of it was waiting. */
export function startStages({ bootTiming, startedAt }: BoxInfo, tookMs: number, nowMs: number = Date.now()): Stages {
  // Clocks tick by the millisecond.
  if (!bootTiming || !startedAt || startedAt.getTime() < nowMs - tookMs - 1) return { queue: tookMs };
  const { filesystemSetupMs: rootfs = 0, boxConfigMs = 0, guestBootMs: guest = 0 } = bootTiming;
  const { boxSpawnMs = Math.max(0, (bootTiming.totalCreateMs ?? 0) - (bootTiming.imagePrepareMs ?? 0)) } = bootTiming;
  const start = boxConfigMs + boxSpawnMs;
  return { queue: Math.max(0, tookMs - rootfs - start - guest), rootfs, start, guest };
}

/** `Server-Timing` (W3C), to which the server adds `first-byte`. */
export function serverTiming(stages: Stages): { readonly 'server-timing': string } {
  const parts = Object.entries(stages).map(([name, ms]) => `${name};dur=${ms.toFixed(3)}`);
  return { 'server-timing': parts.join(', ') };
}

/** Adds how long the answer took altogether, where its parts are told. */
export function firstByte(headers: Record<string, string>, tookMs: number): void {
  const parts = headers['server-timing'];
  if (parts !== undefined) headers['server-timing'] = `${parts}, first-byte;dur=${tookMs.toFixed(3)}`;
}
