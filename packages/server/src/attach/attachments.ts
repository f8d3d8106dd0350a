import { type ExecutionBackend, InvalidStateError } from 'boxlite/backend';
import { type InputQueue, inputQueue } from '../terminal/input-queue.ts';
import { bufferLimitBytes } from '../terminal/socket-link.ts';

const lateMs = 30_000;
const mostLate = 4096;

/** An execution that a client has for itself. */
export interface Attachment {
  /** Input that this client and those before it have sent; it goes to the command even when they leave. */
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

/** Nobody is attached yet. */
export function attachments(): Attachments {
  const taken = new Set<string>();
  const inputs = new Map<string, InputQueue>();
  const late = new Map<string, ExecutionBackend>();
  return {
    claim(slot) {
      if (taken.has(slot)) {
        throw new InvalidStateError('another client is attached to this execution; wait until it leaves');
      }
      taken.add(slot);
      const input = inputs.get(slot) ?? inputQueue(bufferLimitBytes);
      inputs.set(slot, input);
      let released = false;
      return {
        input,
        release() {
          if (released) return;
          released = true;
          taken.delete(slot);
          // The next client's input comes after what is left of this one's.
          void input.idle().then(() => !taken.has(slot) && inputs.get(slot) === input && inputs.delete(slot));
        },
      };
    },
    removed(slot, execution) {
      if (taken.has(slot) || late.size >= mostLate) return;
      late.set(slot, execution);
      setTimeout(() => late.delete(slot), lateMs).unref();
    },
    late: (slot) => late.get(slot),
  };
}
