import type { OutputChunk } from 'boxlite/backend';

type Piece = Pick<OutputChunk, 'stream' | 'data'>;

const newline = 10;
// Output without line ends must not fill the memory.
const mostBytes = 64 * 1024 * 1024;

/** Keeps the last lines of a long output, both streams together. */
export class LastLines {
  readonly #count: number;
  #pieces: { readonly stream: Piece['stream']; readonly data: Uint8Array; readonly ends: number }[] = [];
  #ends = 0;
  #bytes = 0;

  constructor(count: number) {
    this.#count = count;
  }

  add({ stream, data }: Piece): void {
    const copy = data.slice();
    const ends = countEnds(copy);
    this.#pieces.push({ stream, data: copy, ends });
    this.#ends += ends;
    this.#bytes += copy.length;
    for (let first = this.#pieces[0]; first; first = this.#pieces[0]) {
      // A last line without its end counts as one too, so one line end more than asked for is kept.
      if (this.#ends - first.ends <= this.#count && this.#bytes <= mostBytes) return;
      if (this.#pieces.length === 1) return;
      this.#pieces.shift();
      this.#ends -= first.ends;
      this.#bytes -= first.data.length;
    }
  }

  /** What is kept, cut to the lines asked for. */
  take(): readonly Piece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    const open = pieces.at(-1)?.data.at(-1) !== newline && pieces.length > 0 ? 1 : 0;
    let drop = this.#ends + open - this.#count;
    const kept: Piece[] = [];
    for (const { stream, data } of pieces) {
      let from = 0;
      for (; drop > 0 && from < data.length; drop--) {
        const end = data.indexOf(newline, from);
        if (end < 0) {
          from = data.length;
          break;
        }
        from = end + 1;
      }
      if (from < data.length) kept.push({ stream, data: data.subarray(from) });
    }
    return this.#count === 0 ? [] : kept;
  }
}

function countEnds(data: Uint8Array): number {
  let ends = 0;
  for (let at = data.indexOf(newline); at >= 0; at = data.indexOf(newline, at + 1)) ends++;
  return ends;
}
