import type { OutputCursor } from 'boxlite/backend';

/** Where in a log file a record begins, and how much of each stream stands before it. */
export interface LogMark extends OutputCursor {
  readonly position: number;
}

const spacing = 256 * 1024;

/** Sparse marks of a log, so that a reader starts near its cursor instead of at the beginning. */
export class LogIndex {
  readonly #marks: LogMark[] = [{ position: 0, stdout: 0, stderr: 0 }];

  /** Notes that a record begins here; keeps about one mark in 256 KiB. */
  note(mark: LogMark): void {
    const last = this.#marks.at(-1);
    if (!last || mark.position - last.position >= spacing) this.#marks.push(mark);
  }

  /** The last mark before which the cursor has everything. */
  before(cursor: OutputCursor): LogMark {
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const mark = this.#marks[middle];
      if (mark && mark.stdout <= cursor.stdout && mark.stderr <= cursor.stderr) low = middle;
      else high = middle - 1;
    }
    return this.#marks[low] ?? { position: 0, stdout: 0, stderr: 0 };
  }
}
