import { type BoxliteError, boxliteError, InvalidArgumentError, StoppedError, StorageError } from 'boxlite/backend';
import type { GuestChannel, GuestExec, GuestExit, GuestSink } from '../guest/channel.ts';
import { abortable } from './abortable.ts';

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
      case 'storage_failed':
      case 'resource_exhausted':
        return boxliteError(code, message ?? code);
      default:
        return new StorageError(`the transfer ended with code ${exit.exitCode}${this.#stderr && `: ${this.#stderr}`}`);
    }
  }
}

const broken = (): StoppedError => new StoppedError('the box stopped during the transfer');

/** Feeds a tar stream to the guest, which unpacks it at a path. Memory: one chunk. Resolves with the bytes sent. */
export async function upload(
  channel: GuestChannel,
  number: number,
  tar: ReadableStream<Uint8Array>,
  options: { readonly path: string; readonly overwrite: boolean; readonly signal: AbortSignal | undefined },
): Promise<number> {
  const outcome = new Outcome();
  const sink: GuestSink = {
    data: (stream, _offset, bytes) => {
      if (stream === 'stderr') outcome.note(bytes);
    },
    exit: (exit) => outcome.resolve(exit),
    broken: () => outcome.reject(broken()),
  };
  const reader = tar.getReader();
  let sent = 0;
  try {
    options.signal?.throwIfAborted();
    await channel.exec(number, builtin(['tar-in', options.path, options.overwrite ? '1' : '0']), sink);
    const cut = options.signal;
    for (;;) {
      const { done, value } = await abortable(reader.read(), cut);
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new InvalidArgumentError('the tar stream must yield Uint8Array chunks');
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
    channel.signal(number, sigkill);
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    reader.releaseLock();
  }
}

/** A path of the box as a tar stream; rejects before the first byte when it is missing. Leaving the stream ends the packing. */
export async function download(
  channel: GuestChannel,
  number: number,
  options: {
    readonly path: string;
    readonly followSymlinks: boolean;
    readonly signal: AbortSignal | undefined;
    readonly onBytes: (bytes: number) => void;
  },
): Promise<ReadableStream<Uint8Array>> {
  const outcome = new Outcome();
  const { onBytes, signal } = options;
  // At most one chunk stands here: the guest sends no more than its credit until this one is taken.
  let offered: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined;
  let cancelled = false;
  let ended = false;
  let changed: () => void = () => {};
  outcome.ended
    .catch(() => {})
    .then(() => {
      ended = true;
      changed();
    });
  const sink: GuestSink = {
    data(stream, _offset, bytes) {
      if (stream === 'stderr') return outcome.note(bytes);
      if (cancelled) return undefined;
      return new Promise<void>((taken) => {
        offered = { bytes, taken };
        changed();
      });
    },
    exit: (exit) => outcome.resolve(exit),
    broken: () => outcome.reject(broken()),
  };
  const next = async (): Promise<Uint8Array | undefined> => {
    while (!offered && !ended) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
    if (offered) return offered.bytes;
    const error = outcome.error(await outcome.ended);
    if (error) throw error;
    return undefined;
  };
  const stop = (): void => {
    cancelled = true;
    offered?.taken();
    offered = undefined;
    channel.signal(number, sigkill);
  };
  signal?.throwIfAborted();
  await channel.exec(number, builtin(['tar-out', options.path, options.followSymlinks ? '1' : '0']), sink);
  try {
    await abortable(next(), signal);
  } catch (error) {
    stop();
    throw error;
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const bytes = await abortable(next(), signal);
          if (bytes === undefined) return controller.close();
          const { taken } = offered ?? {};
          offered = undefined;
          controller.enqueue(bytes);
          onBytes(bytes.length);
          taken?.();
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
