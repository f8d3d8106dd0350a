import { giveBackMemory, kept } from '../guest/given-memory.ts';
import type { OutputStream } from './log-record.ts';

/** A long piece of output and where its record and its payload begin in the file; its memory is its own. */
export interface GivenPiece {
  readonly stream: OutputStream;
  readonly offset: number;
  readonly position: number;
  readonly start: number;
  readonly data: Buffer;
}

/** The last long pieces of a log, as they came: who reads alone gets them without a copy. */
export class GivenPieces {
  readonly #most: number;
  readonly #pieces = new Map<number, GivenPiece>();
  #bytes = 0;

  /** Keeps at most so many bytes, those of the memory around the pieces with them. */
  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** Pieces come in the order of their positions. */
  put(piece: GivenPiece): void {
    this.#pieces.set(piece.position, piece);
    this.#bytes += piece.data.buffer.byteLength;
    this.keepLast(this.#most);
  }

  /** The piece whose record begins at this position of the file, only to look at. */
  at(position: number): GivenPiece | undefined {
    return this.#pieces.get(position);
  }

  /** Hands over the bytes of a piece: they belong to whoever asked. */
  take({ position, data }: GivenPiece): Buffer {
    this.#drop(position, data);
    return kept(data);
  }

  #drop(position: number, data: Buffer): void {
    if (this.#pieces.delete(position)) this.#bytes -= data.buffer.byteLength;
  }

  /** Lets go of all but the last pieces, as many as so many bytes hold. */
  keepLast(bytes: number): void {
    for (const piece of this.#pieces.values()) {
      if (this.#bytes <= bytes) return;
      this.#drop(piece.position, piece.data);
      giveBackMemory(piece.data);
    }
  }
}
