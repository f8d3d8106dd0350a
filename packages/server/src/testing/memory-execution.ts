import {
  type CallOptions,
  type ExecOptions,
  type ExecutionBackend,
  type ExecutionInfo,
  ExecutionLostError,
  InvalidStateError,
  type OutputChunk,
  type OutputCursor,
  type TerminalSize,
} from 'boxlite/backend';

const pieceBytes = 64 * 1024;

/**
 * An execution whose output and end the test decides, but for these commands: `echo` prints its arguments, `cat` its
 * input, `stuck` never takes any, `bytes N` N bytes that are never all in memory.
 */
export class MemoryExecution implements ExecutionBackend {
  readonly id: string;
  readonly options: ExecOptions;
  readonly signals: number[] = [];
  readonly sizes: TerminalSize[] = [];
  readonly input: Buffer[] = [];
  stdinClosed = false;
  removed = false;
  /** Readers of output that are under way. */
  readers = 0;
  /** Bytes that readers of `bytes N` took. */
  generated = 0;
  #chunks: OutputChunk[] = [];
  #offsets = { stdout: 0, stderr: 0 };
  #end: ExecutionInfo | Error | undefined;
  #cut: Error | undefined;
  #taken: OutputCursor = { stdout: 0, stderr: 0 };
  #changed = Promise.withResolvers<void>();
  #startedAt = new Date();

  constructor(id: string, options: ExecOptions) {
    this.id = id;
    this.options = options;
    const { command, args = [] } = options;
    if (command === 'echo') {
      this.push('stdout', `${args.join(' ')}\n`);
      this.finish({ exitCode: 0 });
    } else if (command === 'bytes') this.finish({ exitCode: 0 });
  }

  push(stream: 'stdout' | 'stderr', data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.#chunks.push({ stream, data: bytes, offset: this.#offsets[stream] });
    this.#offsets[stream] += bytes.byteLength;
    this.#notify();
  }

  finish(end: Partial<ExecutionInfo>): void {
    this.#end = { ...this.#running(), status: 'completed', durationMs: 5, ...end };
    this.#notify();
  }

  /** From here on output is lost. */
  cut(error: Error): void {
    this.#cut = error;
  }

  fail(error: Error): void {
    this.#end = error;
    this.#notify();
  }

  async info(): Promise<ExecutionInfo> {
    return this.#end === undefined || this.#end instanceof Error ? this.#running() : this.#end;
  }

  async *output(options: { readonly from?: OutputCursor } & CallOptions = {}): AsyncIterable<OutputChunk> {
    const { from = { stdout: 0, stderr: 0 }, signal } = options;
    this.readers++;
    try {
      if (this.options.command === 'bytes') yield* this.#generated(from.stdout);
      for (let at = 0; ; ) {
        const chunk = this.#chunks[at];
        if (chunk === undefined) {
          if (this.#cut) throw this.#cut;
          if (this.#end instanceof Error) throw this.#end;
          if (this.#end) return;
          await this.#change(signal);
          continue;
        }
        at++;
        const already = Math.max(0, from[chunk.stream] - chunk.offset);
        if (already >= chunk.data.byteLength) continue;
        yield { ...chunk, data: chunk.data.subarray(already), offset: chunk.offset + already };
      }
    } finally {
      this.readers--;
    }
  }

  async *#generated(from: number): AsyncIterable<OutputChunk> {
    const total = Number(this.options.args?.[0] ?? 0);
    const piece = Buffer.alloc(pieceBytes, 'x');
    for (let offset = from; offset < total; offset += pieceBytes) {
      this.generated = Math.min(offset + pieceBytes, total);
      yield { stream: 'stdout', data: piece.subarray(0, this.generated - offset), offset };
    }
  }

  async wait(call: CallOptions = {}): Promise<ExecutionInfo> {
    while (this.#end === undefined) await this.#change(call.signal);
    if (this.#end instanceof Error) throw new ExecutionLostError(this.#end.message);
    return this.#end;
  }

  async write(data: Uint8Array, call: CallOptions = {}): Promise<void> {
    if (this.stdinClosed || this.#end) throw new InvalidStateError('stdin is closed');
    if (this.options.command === 'stuck') await this.wait(call);
    this.input.push(Buffer.from(data));
    if (this.options.command === 'cat') this.push('stdout', Buffer.from(data));
  }

  async closeStdin(): Promise<void> {
    this.stdinClosed = true;
    if (this.options.command === 'cat') this.finish({ exitCode: 0 });
  }

  stdinOffset(): number | undefined {
    return this.#end ? undefined : this.input.reduce((sum, { length }) => sum + length, 0);
  }

  async signal(signal: number): Promise<void> {
    if (this.#end) throw new InvalidStateError('the execution is not running');
    this.signals.push(signal);
    this.finish({ exitCode: 128 + signal, status: 'killed', signal: `SIG${signal}` });
  }

  async resize(size: TerminalSize): Promise<void> {
    if (this.#end) throw new InvalidStateError('the execution is not running');
    this.sizes.push(size);
  }

  taken(): OutputCursor {
    return this.#taken;
  }

  take(cursor: OutputCursor): void {
    this.#taken = cursor;
  }

  async remove(): Promise<void> {
    this.removed = true;
    if (!this.#end) await this.signal(9);
  }

  #running(): ExecutionInfo {
    return {
      id: this.id,
      command: [this.options.command, ...(this.options.args ?? [])],
      status: 'running',
      exitCode: undefined,
      signal: undefined,
      startedAt: this.#startedAt,
      durationMs: undefined,
      errorMessage: undefined,
    };
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #change(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#changed.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}
