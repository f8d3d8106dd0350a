import { madeForReader } from './reader-memory.ts';

const known = 512;

/** Pieces of a log that readers have in memory, by where they begin: one copy for all that are at the same place. */
export class SharedPieces {
  readonly #pieces = new Map<number, WeakRef<Buffer>>();
  readonly #underWay = new Map<string, Promise<Buffer>>();
  readonly #several: () => boolean;

  /** `several` says whether there is more than one reader: what is shared lives until V8 marks its whole heap. */
  constructor(several: () => boolean) {
    this.#several = several;
  }

  /** The piece, while a reader has it. */
  get(place: number, length: number): Buffer | undefined {
    const piece = this.#pieces.get(place)?.deref();
    return piece?.length === length ? piece : undefined;
  }

  /** A copy of the bytes that begin at the place. */
  copy(place: number, bytes: Buffer): Buffer {
    const shared = this.get(place, bytes.length);
    if (shared) return shared;
    const piece = Buffer.allocUnsafeSlow(bytes.length);
    if (!this.#several()) madeForReader(piece.length);
    bytes.copy(piece);
    return this.put(place, piece);
  }

  /** Reads a piece, once for all that want it at the same time. */
  async read(place: number, length: number, read: () => Promise<Buffer>): Promise<Buffer> {
    if (!this.#several()) return read();
    const key = `${place} ${length}`;
    const known = this.#underWay.get(key);
    if (known) return known;
    const reading = read().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, reading);
    return this.put(place, await reading);
  }

  /** Shares a piece, where there is anyone to share it with. */
  put(place: number, piece: Buffer): Buffer {
    if (!this.#several()) return piece;
    this.#pieces.delete(place);
    this.#pieces.set(place, new WeakRef(piece));
    const [oldest] = this.#pieces.keys();
    if (this.#pieces.size > known && oldest !== undefined) this.#pieces.delete(oldest);
    return piece;
  }
}
