/**
 * Memory of frames, used again once it is written: what is given back is the next that is lent. Fresh memory for each
 * frame has V8 mark its whole heap over and over, and the kernel clear pages.
 */
const sizes = [96 * 1024, 352 * 1024] as const;
const leastBytes = 16 * 1024;
const mostFree = 16;

const free = new Map<number, Buffer[]>(sizes.map((size) => [size, []]));
const lent = new WeakSet<ArrayBufferLike>();

/** Memory of that length for one frame, which is whoever's asked for it until {@link giveBackFrame}, or for good. */
export function frameMemory(length: number): Buffer {
  const size = sizes.find((one) => one >= length);
  if (size === undefined || length < leastBytes) return Buffer.allocUnsafe(length);
  const memory = free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  lent.add(memory.buffer);
  return memory.subarray(0, length);
}

/** To be told that nobody will look at these bytes again, once; of other memory than lent it takes no notice. */
export function giveBackFrame({ buffer }: Uint8Array): void {
  if (!lent.delete(buffer)) return;
  const others = free.get(buffer.byteLength);
  if (others !== undefined && others.length < mostFree) others.push(Buffer.from(buffer));
}
