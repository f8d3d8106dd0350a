import type { CallOptions } from '../backend/backend.ts';
import type { BoxOptions } from '../backend/box-options.ts';
import type { Box } from '../box.ts';
import { Boxlite } from '../boxlite.ts';
import { NotFoundError } from '../errors.ts';
import type { RunResult } from '../run.ts';
import type { StartExecutionOptions } from '../start-execution.ts';

/** What a convenience box is made of, and where. */
export interface SimpleBoxOptions extends BoxOptions {
  /** Where the box lives. @default boxes of this machine, in a runtime that is shut down with the box */
  readonly runtime?: Boxlite | undefined;
  /** What the box is named. @default none */
  readonly name?: string | undefined;
  /** Take the box of that name as it is where there is one. @default false: `AlreadyExistsError` */
  readonly reuseExisting?: boolean | undefined;
}

/** A box that something holds, and whether it was made for it. */
export interface HeldBox {
  readonly box: Box;
  readonly created: boolean;
  /** Stops the box, and lets go of the runtime where it came with the box. */
  readonly release: () => Promise<void>;
}

/** Makes or finds the box that the options describe, with the limits of `usual` where nothing else is said and there are such limits. */
export async function holdBox(
  options: SimpleBoxOptions,
  call: CallOptions = {},
  usual?: { readonly cpus: number; readonly memoryMib: number },
): Promise<HeldBox> {
  const { runtime: given, name, reuseExisting = false, ...asked } = options;
  const runtime = given ?? (await Boxlite.local());
  const shutdown = async (): Promise<void> => {
    if (given === undefined) await runtime.shutdown();
  };
  try {
    const box = usual ? { ...(await withinMeans(runtime, usual, call)), ...asked } : asked;
    const made =
      reuseExisting && name !== undefined
        ? await runtime.getOrCreate(box, name, call)
        : { box: await runtime.create(box, name, call), created: true };
    let released: Promise<void> | undefined;
    const release = (): Promise<void> => {
      released ??= made.box[Symbol.asyncDispose]().finally(shutdown);
      return released;
    };
    return { ...made, release };
  } catch (error) {
    await shutdown();
    throw error;
  }
}

/** An ordinary user's runtime can hold no limits, and refuses those that are asked for. */
async function withinMeans(
  runtime: Boxlite,
  { cpus, memoryMib }: { readonly cpus: number; readonly memoryMib: number },
  call: CallOptions,
): Promise<BoxOptions> {
  const { maxCpus, maxMemoryMib } = (await runtime.config(call)).capabilities;
  return {
    ...(maxCpus > 0 && { cpus: Math.min(cpus, maxCpus) }),
    ...(maxMemoryMib > 0 && { memoryMib: Math.min(memoryMib, maxMemoryMib) }),
  };
}

/** A box without a runtime to keep in hand. Leaving an `await using` block stops it. */
export class SimpleBox implements AsyncDisposable {
  /** The box itself, for all else that a box does. */
  readonly box: Box;
  /** Whether it was made for this, and not found by its name. */
  readonly created: boolean;
  readonly #release: () => Promise<void>;

  protected constructor({ box, created, release }: HeldBox) {
    this.box = box;
    this.created = created;
    this.#release = release;
  }

  /** Makes the box; it is started by its first use. `AlreadyExistsError` when the name is taken. */
  static async create(options: SimpleBoxOptions = {}, call: CallOptions = {}): Promise<SimpleBox> {
    return new SimpleBox(await holdBox(options, call));
  }

  /** The box's id: a ULID. */
  get id(): string {
    return this.box.id;
  }

  /** Runs a command to its end and collects what it writes, as `box.run` does. */
  exec(command: string, args: readonly string[] = [], options: StartExecutionOptions = {}): Promise<RunResult> {
    return this.box.run(command, args, options);
  }

  /** Stops the box, and removes it unless it was made with `autoRemove: false`. Twice is fine. */
  async stop(): Promise<void> {
    try {
      await this.#release();
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
