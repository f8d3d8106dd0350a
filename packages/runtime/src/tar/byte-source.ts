/** Reads exact numbers of bytes from a stream of chunks; nothing is held beyond the current chunk and what was asked for. */
export interface ByteSource {
  /** Exactly `size` bytes; fewer only where the stream ends. The bytes stay valid. */
  take(size: number): Promise<Uint8Array>;
  /** Between one and `limit` bytes, as they come; empty only where the stream ends. */
  some(limit: number): Promise<Uint8Array>;
  /** Lets go of the stream. */
  close(): Promise<void>;
  /** How many bytes were taken so far. */
  readonly position: number;
}

const nothing = new Uint8Array(0);

/** Makes a {@link ByteSource} of an async iterable. */
export function byteSource(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let current: Uint8Array = nothing;
  let position = 0;

  async function refill(): Promise<boolean> {
    while (current.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return false;
      current = next.value;
    }
    return true;
  }
  function cut(size: number): Uint8Array {
    const piece = current.subarray(0, size);
    current = current.subarray(size);
    position += piece.length;
    return piece;
  }
  return {
    get position() {
      return position;
    },
    async close() {
      await iterator.return?.();
    },
    async some(limit) {
      if (current.length === 0 && !(await refill())) return nothing;
      return cut(limit);
    },
    async take(size) {
      if (current.length >= size) return cut(size);
      const whole = new Uint8Array(size);
      let filled = 0;
      while (filled < size && (await refill())) {
        const piece = cut(size - filled);
        whole.set(piece, filled);
        filled += piece.length;
      }
      return filled === size ? whole : whole.subarray(0, filled);
    },
  };
}
