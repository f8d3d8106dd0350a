import { type ExecutionBackend, InvalidStateError, type OutputCursor } from 'boxlite/backend';
import { type InputQueue, inputQueue } from '../terminal/input-queue.ts';
import { bufferLimitBytes } from '../terminal/socket-link.ts';

const keptEntries = 4096;
const lateMs = 30_000;

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
  claim(slot: string): Attachment;
  /**
   * An execution is removed. A client that kills what it has just started removes it before it attaches: to one that
   * nobody was attached to, it may attach for 30 s more, and learns how it ended.
   */
  removed(slot: string, execution: ExecutionBackend): void;
  /** A removed execution that may still be attached to. */
  late(slot: string): ExecutionBackend | undefined;
}

interface Entry {
  delivered: OutputCursor;
  readonly input: InputQueue;
  taken: boolean;
}

/** Nobody is attached yet. What nobody has is kept for the 4,096 executions that were attached to last. */
export function attachments(): Attachments {
  const entries = new Map<string, Entry>();
  const late = new Map<string, ExecutionBackend>();

  function forgetOldest(): void {
    for (const [id, entry] of entries) {
      if (entries.size <= keptEntries) return;
      if (!entry.taken) entries.delete(id);
    }
  }

  return {
    removed(slot, execution) {
      if (entries.has(slot) || late.size >= keptEntries) return;
      late.set(slot, execution);
      setTimeout(() => late.delete(slot), lateMs).unref();
    },
    late: (slot) => late.get(slot),
    claim(slot) {
      const entry: Entry = entries.get(slot) ?? {
        delivered: { stdout: 0, stderr: 0 },
        input: inputQueue(bufferLimitBytes),
        taken: false,
      };
      if (entry.taken)
        throw new InvalidStateError('another client is attached to this execution; wait until it leaves');
      entry.taken = true;
      entries.delete(slot);
      entries.set(slot, entry);
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
