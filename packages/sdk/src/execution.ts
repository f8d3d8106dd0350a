import { checkWhole } from './argument.ts';
import type { CallOptions, ExecutionBackend, OutputChunk, ReadOutputOptions } from './backend/backend.ts';
import type { TerminalSize } from './backend/box-options.ts';
import type { ExecutionInfo } from './backend/info.ts';
import { ExecutionLostError, InvalidStateError } from './errors.ts';
import { outputStream } from './output-stream.ts';
import { type SignalName, signalNumber } from './signal-number.ts';
import { stdinStream } from './stdin-stream.ts';
import { checkSize } from './terminal-size.ts';

/** How a command ended. */
export interface ExecutionResult {
  /** 128 + N after signal N. */
  readonly exitCode: number;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: string | undefined;
  /** The execution's own `timeoutMs` ended it. */
  readonly timedOut: boolean;
  /** How long it ran, in milliseconds; undefined where a server does not tell. */
  readonly durationMs: number | undefined;
}

/** One command in a box. It runs on whether or not anyone reads its output. */
export class Execution {
  readonly #backend: ExecutionBackend;
  readonly #ended: () => void;
  #stdin: WritableStream<Uint8Array> | undefined;
  readonly #streams = new Map<'stdout' | 'stderr', ReadableStream<Uint8Array>>();
  readonly #read = new Set<'stdout' | 'stderr'>();

  /** `ended` is called when the end is seen, maybe more than once. */
  constructor(backend: ExecutionBackend, ended: () => void = () => undefined) {
    this.#backend = backend;
    this.#ended = ended;
  }

  /** Names the execution within its box; `box.execution(id)` attaches to it again. */
  get id(): string {
    return this.#backend.id;
  }

  /** Bytes for the command; closing it ends the command's input. */
  get stdin(): WritableStream<Uint8Array> {
    this.#stdin ??= stdinStream(this.#backend);
    return this.#stdin;
  }

  /**
   * The command's stdout from its first byte, to be read once: `InvalidStateError` when it was, or is. Read it alone,
   * beside `stderr`, or not at all: nothing waits for it.
   */
  get stdout(): ReadableStream<Uint8Array> {
    return this.#once('stdout');
  }

  /** The command's stderr from its first byte, to be read once as `stdout`; empty on a terminal. */
  get stderr(): ReadableStream<Uint8Array> {
    return this.#once('stderr');
  }

  #once(name: 'stdout' | 'stderr'): ReadableStream<Uint8Array> {
    const begun = this.#streams.get(name);
    if (begun === undefined) {
      const stream = outputStream(
        name,
        (signal) => this.output({ signal }),
        () => this.#read.add(name),
      );
      this.#streams.set(name, stream);
      return stream;
    }
    // A second reader would see nothing of what the first one took, and take it for all there is.
    if (!begun.locked && !this.#read.has(name)) return begun;
    throw new InvalidStateError(`${name} of execution ${this.id} is read already; output() reads it again`);
  }

  /** Both streams in the order they were written, from a cursor on; may be read any number of times. */
  async *output(options: ReadOutputOptions = {}): AsyncGenerator<OutputChunk, void, undefined> {
    checkWhole('from.stdout', options.from?.stdout, 0);
    checkWhole('from.stderr', options.from?.stderr, 0);
    for await (const chunk of this.#backend.output(options)) yield chunk.shared ? ownCopy(chunk) : chunk;
    this.#ended();
  }

  /** Waits for the end; `ExecutionLostError` when nobody knows how it ended, never a made-up exit code. */
  async wait(call: CallOptions = {}): Promise<ExecutionResult> {
    const info = await this.#backend.wait(call);
    this.#ended();
    return executionResult(info);
  }

  /** How far it is, right now. */
  status(call: CallOptions = {}): Promise<ExecutionInfo> {
    return this.#backend.info(call);
  }

  /** Sends a signal by name or number; `InvalidStateError` once it has ended. */
  async signal(signal: SignalName | number, call: CallOptions = {}): Promise<void> {
    await this.#backend.signal(signalNumber(signal), call);
  }

  /** Sends SIGKILL; killing an execution that has ended is no error. */
  async kill(call: CallOptions = {}): Promise<void> {
    try {
      await this.#backend.signal(9, call);
    } catch (error) {
      if (!(error instanceof InvalidStateError)) throw error;
    }
  }

  /** Kills the command if it runs, and forgets the execution with its output: `NotFoundError` for whoever asks later. */
  async remove(call: CallOptions = {}): Promise<void> {
    await this.#backend.remove(call);
  }

  /** Changes the size of the command's terminal. */
  async resize(size: TerminalSize, call: CallOptions = {}): Promise<void> {
    checkSize(size);
    await this.#backend.resize(size, call);
  }
}

/** Turns what a backend knows of an ended execution into its result. */
export function executionResult(info: ExecutionInfo): ExecutionResult {
  if (info.status === 'running' || info.exitCode === undefined) {
    const why = info.errorMessage === undefined ? '' : ` (${info.errorMessage})`;
    throw new ExecutionLostError(`the exit code of execution ${info.id} is not known${why}; run the command again`);
  }
  const { exitCode, signal, durationMs } = info;
  return { exitCode, signal, timedOut: info.status === 'timed_out', durationMs };
}

/** The same bytes in memory that nobody else has, of the same class. */
function ownCopy({ stream, data, offset }: OutputChunk): OutputChunk {
  // Not `data.slice`, which copies nothing where it is a Buffer.
  return { stream, data: Uint8Array.prototype.slice.call(data), offset };
}
