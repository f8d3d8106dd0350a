import { InvalidStateError, type OutputCursor } from 'boxlite/backend';
import { type InputQueue, inputQueue } from '../terminal/input-queue.ts';
import { bufferLimitBytes } from '../terminal/socket-link.ts';

const keptEntries = 4096;

/** What stays of an execution between one attach and the next: its protocol has no cursors, so the server keeps them. */
export interface Attachment {
  /** What a client has answered for: the next one goes on from here. */
  delivered: OutputCursor;
  /** Input that clients have sent; it goes to the command even when the client leaves. */
  readonly input: InputQueue;
  /** Gives the execution back to whoever comes next; twice is fine. */
  release(): void;
}

/** One client at a time for each execution. */
export interface Attachments {
  /** `InvalidStateError` while another client has the execution. */
  claim(execution: string): Attachment;
}

interface Entry {
  delivered: OutputCursor;
  readonly input: InputQueue;
  taken: boolean;
}

/** Nobody is attached yet. What nobody has is kept for the 4,096 executions that were attached to last. */
export function attachments(): Attachments {
  const entries = new Map<string, Entry>();

  function forgetOldest(): void {
    for (const [id, entry] of entries) {
      if (entries.size <= keptEntries) return;
      if (!entry.taken) entries.delete(id);
    }
  }

  return {
    claim(execution) {
      const entry: Entry = entries.get(execution) ?? {
        delivered: { stdout: 0, stderr: 0 },
        input: inputQueue(bufferLimitBytes),
        taken: false,
      };
      if (entry.taken) throw new InvalidStateError(`execution ${execution} has another client attached`);
      entry.taken = true;
      entries.delete(execution);
      entries.set(execution, entry);
      forgetOldest();
      let released = false;
      return {
        get delivered() {
          return entry.delivered;
        },
        set delivered(cursor) {
          entry.delivered = cursor;
        },
        input: entry.input,
        release() {
          if (released) return;
          released = true;
          entry.taken = false;
        },
      };
    },
  };
}
