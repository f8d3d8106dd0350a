import {
  type BoxliteError,
  boxliteError,
  InvalidArgumentError,
  InvalidStateError,
  StoppedError,
  StorageError,
} from 'boxlite/backend';
import type { GuestChannel, GuestExec, GuestExit, GuestSink } from '../guest/channel.ts';
import { abortable } from './abortable.ts';
import { checkBoxPath } from './check-options.ts';

/** Marks a transfer in the guest's list, so that one that a crash left behind is ended and not taken for a command. */
export const transferTag = 'transfer';

const builtin = (argv: readonly string[]): GuestExec => ({
  tag: transferTag,
  argv,
  env: {},
  cwd: '/',
  user: '',
  tty: false,
  builtin: true,
  size: { cols: 80, rows: 24 },
  timeoutMs: 0,
});

const sigkill = 9;
const keptStderrBytes = 8 * 1024;
// What a download gathers into one chunk: every chunk costs its reader a turn, and often a system call. A long frame is
// one by itself, and goes on without a copy.
const gatheredBytes = 128 * 1024;

/** Gathers how a transfer ended: its exit, or that its channel broke, and its one line of stderr. */
class Outcome {
  readonly ended: Promise<GuestExit>;
  resolve!: (exit: GuestExit) => void;
  reject!: (error: Error) => void;
  #stderr = '';

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.ended.catch(() => {});
  }

  note(bytes: Uint8Array): void {
    if (this.#stderr.length < keptStderrBytes) this.#stderr += Buffer.from(bytes).toString();
  }

  error(exit: GuestExit): BoxliteError | undefined {
    if (exit.exitCode === 0) return undefined;
    const [, code, message] = /^(\w+) (.*)/.exec(this.#stderr.trim().split('\n').at(-1) ?? '') ?? [];
    switch (code) {
      case 'not_found':
      case 'already_exists':
      case 'invalid_argument':
      case 'resource_exhausted':
        return boxliteError(code, message ?? code);
      case 'storage_failed':
        // The box's own files are in its way, such as a read-only one: no fault of the store here.
        return new InvalidStateError(message ?? code);
      default:
        return new StorageError(`the transfer ended with code ${exit.exitCode}${this.#stderr && `: ${this.#stderr}`}`);
    }
  }
}

/** The path as a builtin takes it; `InvalidArgumentError` for one that no box has. */
export function absolute(path: string): string {
  checkBoxPath(path);
  return path.startsWith('/') ? path : `/${path}`;
}

const broken = (): StoppedError => new StoppedError('the box stopped during the transfer');

/** Feeds a stream to a builtin of the guest. Memory: one chunk. Resolves with the bytes sent. */
export async function send(
  channel: GuestChannel,
  number: number,
  argv: readonly string[],
  source: ReadableStream<Uint8Array>,
  options: {
    readonly signal: AbortSignal | undefined;
    /** The signal that ends it before its end. @default KILL */
    readonly end?: number;
  },
): Promise<number> {
  const outcome = new Outcome();
  const sink: GuestSink = {
    data: (stream, _offset, bytes) => {
      if (stream === 'stderr') outcome.note(bytes);
    },
    exit: (exit) => outcome.resolve(exit),
    broken: () => outcome.reject(broken()),
  };
  const reader = source.getReader();
  let sent = 0;
  try {
    options.signal?.throwIfAborted();
    await channel.exec(number, builtin(argv), sink);
    const cut = options.signal;
    for (;;) {
      const { done, value } = await abortable(reader.read(), cut);
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new InvalidArgumentError('the stream must yield Uint8Array chunks');
      try {
        await channel.write(number, value, cut);
      } catch (error) {
        // A guest that has found a fault reads no more: its exit says which.
        options.signal?.throwIfAborted();
        const fault = outcome.error(await outcome.ended);
        throw fault ?? error;
      }
      sent += value.length;
    }
    channel.closeStdin(number);
    const exit = await abortable(outcome.ended, cut);
    const error = outcome.error(exit);
    if (error) throw error;
    return sent;
  } catch (error) {
    channel.signal(number, options.end ?? sigkill);
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.releaseLock();
  }
}

/** What a builtin of the guest writes; rejects where it fails before its first byte. Leaving the stream ends it. */
export async function receive(
  channel: GuestChannel,
  number: number,
  argv: readonly string[],
  options: {
    readonly signal: AbortSignal | undefined;
    readonly onBytes: (bytes: number) => void;
    /** Told once it is over. */
    readonly onEnd: () => void;
  },
): Promise<ReadableStream<Uint8Array>> {
  const outcome = new Outcome();
  const { onBytes, signal } = options;
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let cancelled = false;
  let ended = false;
  let arrived: () => void = () => {};
  let taken: () => void = () => {};
  outcome.ended
    .catch(() => {})
    .then(() => {
      ended = true;
      arrived();
      options.onEnd();
    });
  const sink: GuestSink = {
    data(stream, _offset, bytes, given) {
      if (stream === 'stderr') return outcome.note(bytes);
      if (cancelled) return undefined;
      waiting.push(given ? bytes : Buffer.from(bytes));
      waitingBytes += bytes.length;
      arrived();
      if (waitingBytes < gatheredBytes) return undefined;
      return new Promise<void>((resolve) => {
        taken = resolve;
      });
    },
    exit: (exit) => outcome.resolve(exit),
    broken: () => outcome.reject(broken()),
  };
  const come = async (): Promise<boolean> => {
    while (waitingBytes === 0 && !ended) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    if (waitingBytes > 0) return true;
    const error = outcome.error(await outcome.ended);
    if (error) throw error;
    return false;
  };
  const take = (): Uint8Array => {
    const pieces = waiting.splice(0);
    const [first] = pieces;
    const bytes = first && pieces.length === 1 ? first : Buffer.concat(pieces);
    waitingBytes = 0;
    taken();
    return bytes;
  };
  const stop = (): void => {
    cancelled = true;
    take();
    channel.signal(number, sigkill);
  };
  signal?.throwIfAborted();
  await channel.exec(number, builtin(argv), sink);
  try {
    await abortable(come(), signal);
  } catch (error) {
    stop();
    throw error;
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (!(await abortable(come(), signal))) return controller.close();
          const bytes = take();
          controller.enqueue(bytes);
          onBytes(bytes.length);
        } catch (error) {
          stop();
          controller.error(error);
        }
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
}
