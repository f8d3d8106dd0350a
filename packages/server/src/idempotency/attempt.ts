import type { Box } from '@boxlite/api';

/** What a route wrote down of an effect before it began. */
export interface Note {
  /** Of what was to be made, changed or removed. */
  readonly id?: string | undefined;
  /** The box that it is in, or the box as it was. */
  readonly box?: Box | undefined;
  /** How much stdin had been written. */
  readonly stdinOffset?: number | undefined;
  /** The names of images that were to be removed. */
  readonly removed?: readonly string[] | undefined;
}

/** One try at a request that has an idempotency key. */
export interface Attempt {
  /** What an earlier try noted that never came to its answer, as when the server was killed: its effect may be there. */
  readonly former: Note | undefined;
  /** Writes down what is about to happen; it is on disk when this returns. */
  note(note: Note): void;
  /** The same of a removal, which is what helps on a full disk: it goes on where nothing can be written. */
  noteRemoval(note: Note): void;
  /**
   * The effect is to be ended, by what was noted of it, when the client is gone before the answer and does not ask again
   * within a minute. Who asks after that is answered anew, by what was noted.
   */
  undoIfAbandoned(): void;
}
