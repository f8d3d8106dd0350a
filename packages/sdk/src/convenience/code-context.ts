import { checkMs, checkText } from '../argument.ts';
import type { CallOptions } from '../backend/backend.ts';
import type { Environment } from '../backend/box-options.ts';
import type { Box } from '../box.ts';
import { BoxliteError, ExecutionError, InvalidStateError, TimeoutError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { text } from '../text.ts';
import { boundedLines } from './bounded-lines.ts';
import { codeDriver } from './code-driver.ts';
import { type CodeFailure, type CodeMessage, readCodeMessage } from './code-message.ts';
import { unlessAborted } from './unless-aborted.ts';

// Base64 of a figure or of a frame: what a program shows, not what it writes.
const messageBytesMax = 64 * 1024 * 1024;
// What a program gets to end after its interrupt.
const interruptMs = 2000;

/** Options of a context. */
export interface CodeContextOptions extends CallOptions {
  /** Beside the box's; the same name wins here. @default {} */
  readonly env?: Environment;
  /** Where it starts: an absolute path of the box. @default the box's */
  readonly workingDir?: string;
  /** `<name or uid>[:<group or gid>]`. @default the box's */
  readonly user?: string;
}

/** Options of one run in a context. */
export interface RunInContextOptions extends CallOptions {
  /** Interrupts the run after that, as Control-C does; one that goes on all the same ends the context. @default none */
  readonly timeoutMs?: number | undefined;
  /** Called with what the run writes, as it comes. @default nobody */
  readonly onStdout?: (text: string) => void;
  /** Called with what the run writes to stderr, as it comes. @default nobody */
  readonly onStderr?: (text: string) => void;
}

/** What a run showed: the value of its last expression, a `display`, or a figure; by MIME type, images as base64. */
export interface CodeOutcome {
  /** It is the value of the last expression. */
  readonly main: boolean;
  /** The same thing in each form that Python had for it, by MIME type; images as base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** What came of a run. One that raised is a result too: `error` says what. */
export interface CodeResult {
  /** What the run printed. */
  readonly stdout: string;
  /** What the run wrote to stderr. */
  readonly stderr: string;
  /** What it showed, in order. */
  readonly results: readonly CodeOutcome[];
  /** The last expression as Python would print it. */
  readonly text: string | undefined;
  /** What it raised; undefined when nothing. */
  readonly error: CodeFailure | undefined;
}

interface Run {
  readonly id: number;
  readonly options: RunInContextOptions;
  readonly decoders: { readonly stdout: TextDecoder; readonly stderr: TextDecoder };
  readonly written: { stdout: string; stderr: string };
  readonly results: CodeOutcome[];
  readonly done: PromiseWithResolvers<CodeFailure | undefined>;
}

/** A Python in a box whose variables, imports and functions survive from one run to the next. Runs go one after another. */
export class CodeContext implements AsyncDisposable {
  /** Such as `3.11.2`. */
  readonly pythonVersion: string;
  readonly #execution: Execution;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #last: Promise<unknown> = Promise.resolve();
  #run: Run | undefined;
  #count = 0;
  #ended: BoxliteError | undefined;

  private constructor(execution: Execution, version: string, messages: AsyncGenerator<CodeMessage>) {
    this.#execution = execution;
    this.pythonVersion = version;
    this.#input = execution.stdin.getWriter();
    void this.#read(messages);
  }

  /** Starts one. `ExecutionError` when the box has no `python3`, or it cannot be started. */
  static async open(box: Box, options: CodeContextOptions = {}): Promise<CodeContext> {
    const { signal, ...how } = options;
    const execution = await box.exec('python3', ['-u', '-c', codeDriver], how);
    const messages = readMessages(execution);
    try {
      const { value: first } = await unlessAborted(messages.next(), signal);
      if (first?.type === 'ready') return new CodeContext(execution, first.version, messages);
      throw new ExecutionError(`python3 did not start: ${(await text(execution.stderr)).trim() || 'it said nothing'}`);
    } catch (error) {
      await execution.kill();
      throw error;
    }
  }

  /** Runs a program; the value of its last expression is a result. `InvalidStateError` once the context has ended. */
  run(code: string, options: RunInContextOptions = {}): Promise<CodeResult> {
    checkText('code', code);
    checkMs('timeoutMs', options.timeoutMs, 1);
    const result = this.#last.then(() => this.#runNow(code, options));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Interrupts what runs, as Control-C does: it raises KeyboardInterrupt. Nothing that runs is no error. */
  async interrupt(): Promise<void> {
    if (this.#run) await this.#execution.signal('SIGINT');
  }

  /** Ends it at once. Twice is fine. */
  async close(): Promise<void> {
    this.#end(new ExecutionError('it was closed'));
    await this.#execution.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #runNow(code: string, options: RunInContextOptions): Promise<CodeResult> {
    options.signal?.throwIfAborted();
    if (this.#ended) throw new InvalidStateError(`the context has ended: ${this.#ended.message}; open another`);
    const run: Run = {
      id: ++this.#count,
      options,
      decoders: { stdout: new TextDecoder(), stderr: new TextDecoder() },
      written: { stdout: '', stderr: '' },
      results: [],
      done: Promise.withResolvers(),
    };
    this.#run = run;
    run.done.promise.catch(() => {});
    try {
      const request = new TextEncoder().encode(`${JSON.stringify({ id: run.id, code })}\n`);
      await Promise.race([this.#input.write(request), run.done.promise]);
      const error = await this.#within(run);
      const main = run.results.findLast((result) => result.main);
      return { ...run.written, results: run.results, text: main?.data['text/plain'], error };
    } finally {
      this.#run = undefined;
    }
  }

  /** The end of a run, hastened by its timeout or its signal: by an interrupt, and if that does not help by ending all. */
  async #within({ done, options }: Run): Promise<CodeFailure | undefined> {
    const { timeoutMs, signal } = options;
    if (timeoutMs === undefined && !signal) return done.promise;
    const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const hurry = AbortSignal.any([timeout, signal].filter((each) => each !== undefined));
    const hurried = Promise.withResolvers<'hurried'>();
    const onHurry = (): void => hurried.resolve('hurried');
    hurry.addEventListener('abort', onHurry, { once: true });
    if (hurry.aborted) onHurry();
    const first = await Promise.race([done.promise, hurried.promise]);
    hurry.removeEventListener('abort', onHurry);
    if (first !== 'hurried') return first;
    await this.#execution.signal('SIGINT').catch(() => {});
    const tooLong = AbortSignal.timeout(interruptMs);
    const stuck = new Promise<'stuck'>((resolve) =>
      tooLong.addEventListener('abort', () => resolve('stuck'), { once: true }),
    );
    if ((await Promise.race([done.promise, stuck])) === 'stuck') await this.close();
    signal?.throwIfAborted();
    throw new TimeoutError(`the run took longer than its ${timeoutMs} ms and was interrupted`);
  }

  async #read(messages: AsyncGenerator<CodeMessage>): Promise<void> {
    try {
      for await (const message of messages) this.#take(message);
      this.#end(new ExecutionError('its Python has ended'));
    } catch (error) {
      this.#end(error instanceof BoxliteError ? error : new ExecutionError('it broke', { cause: error }));
      await this.close().catch(() => {});
    }
  }

  #take(message: CodeMessage): void {
    const run = this.#run;
    // What a thread of an earlier run writes in between belongs to nobody.
    if (!run) return;
    if (message.type === 'stdout' || message.type === 'stderr') {
      const piece = run.decoders[message.type].decode(message.bytes, { stream: true });
      run.written[message.type] += piece;
      try {
        (message.type === 'stdout' ? run.options.onStdout : run.options.onStderr)?.(piece);
      } catch (error) {
        run.done.reject(error);
      }
    } else if (message.type === 'result') run.results.push({ main: message.main, data: message.data });
    else if (message.type === 'done' && message.id === run.id) run.done.resolve(message.error);
  }

  #end(reason: BoxliteError): void {
    this.#ended ??= reason;
    this.#run?.done.reject(this.#ended);
  }
}

async function* readMessages(execution: Execution): AsyncGenerator<CodeMessage, void, undefined> {
  for await (const line of boundedLines(execution.stdout, messageBytesMax)) yield readCodeMessage(line);
}
