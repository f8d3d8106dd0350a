/**
 * Memory of frames, used again once it is written: what is given back is the next that is lent. Fresh memory for each
 * frame has V8 mark its whole heap over and over, and the kernel clear pages.
 */
const sizes = [24 * 1024, 96 * 1024, 352 * 1024] as const;
const leastBytes = 16 * 1024;
const mostFree = 16;

const free = new Map<number, Buffer[]>(sizes.map((size) => [size, []]));
/** How many have it. */
const lent = new WeakMap<ArrayBufferLike, number>();

/** Memory of that length for one frame, which is whoever's asked for it until {@link giveBackFrame}, or for good. */
export function frameMemory(length: number): Buffer {
  const size = sizes.find((one) => one >= length);
  if (size === undefined || length < leastBytes) return Buffer.allocUnsafe(length);
  const memory = free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  lent.set(memory.buffer, 1);
  return memory.subarray(0, length);
}

/** Lends what somebody has to one more, only to look at: each gives it back. */
export function lendAgain({ buffer }: Buffer): void {
  const those = lent.get(buffer);
  if (those !== undefined) lent.set(buffer, those + 1);
}

/** To be told, once by each that has them, that he will not look at these bytes again; of other memory than lent it takes no notice. */
export function giveBackFrame({ buffer }: Uint8Array): void {
  const those = lent.get(buffer);
  if (those === undefined) return;
  if (those > 1) return void lent.set(buffer, those - 1);
  lent.delete(buffer);
  const others = free.get(buffer.byteLength);
  if (others !== undefined && others.length < mostFree) others.push(Buffer.from(buffer));
}
