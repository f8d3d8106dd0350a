/** Reads a stream in pieces of a wanted size, holding no more than one chunk of it. */
export interface ByteReader {
  /** Exactly `count` bytes; undefined at a clean end; an error where the stream ends in between. */
  exactly(count: number): Promise<Uint8Array | undefined>;
  /** At least one and at most `most` bytes; undefined at the end. */
  some(most: number): Promise<Uint8Array | undefined>;
  cancel(reason?: unknown): Promise<void>;
}

/** Wraps a stream; it stays locked until `cancel`. */
export function byteReader(stream: ReadableStream<Uint8Array>, cutOff: () => Error): ByteReader {
  const reader = stream.getReader();
  let chunk: Uint8Array = new Uint8Array(0);
  const some = async (most: number): Promise<Uint8Array | undefined> => {
    while (chunk.length === 0) {
      const next = await reader.read();
      if (next.done) return undefined;
      chunk = next.value;
    }
    const piece = chunk.subarray(0, most);
    chunk = chunk.subarray(most);
    return piece;
  };
  return {
    some,
    async exactly(count) {
      const first = await some(count);
      if (first === undefined || first.length === count) return first;
      const whole = new Uint8Array(count);
      whole.set(first);
      for (let filled = first.length; filled < count; ) {
        const piece = await some(count - filled);
        if (piece === undefined) throw cutOff();
        whole.set(piece, filled);
        filled += piece.length;
      }
      return whole;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
