const known = 512;

/** Pieces of a log that readers have in memory, by where they begin: one copy for all that are at the same place. */
export class SharedPieces {
  readonly #pieces = new Map<number, WeakRef<Buffer>>();

  /** The piece, while a reader has it. */
  get(place: number, length: number): Buffer | undefined {
    const piece = this.#pieces.get(place)?.deref();
    return piece?.length === length ? piece : undefined;
  }

  /** Shares a piece. */
  put(place: number, piece: Buffer): Buffer {
    this.#pieces.delete(place);
    this.#pieces.set(place, new WeakRef(piece));
    const [oldest] = this.#pieces.keys();
    if (this.#pieces.size > known && oldest !== undefined) this.#pieces.delete(oldest);
    return piece;
  }
}
