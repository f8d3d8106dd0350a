import { type BoxOptions, InvalidArgumentError, type RuntimeMetrics, type WarmOptions } from 'boxlite/backend';
import { optionsOn } from '../box/box-network.ts';
import { boxRoot } from '../box/box-root.ts';
import { checkBoxOptions } from '../box/check-options.ts';
import { boxShape, type PreparationHome, type PreparedBox, prepareBox } from '../box/prepared-box.ts';
import { Holding } from '../holding.ts';
import type { ImageStore } from '../images/images.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { newBoxRecord } from '../store/new-box-record.ts';
import { Shelf } from './shelf.ts';

const sizeMax = 1000;
/** Whose the pool is, and whose names of images count. Whoever's box is of the same layers may have what is made of them. */
export const poolTenant = 'default';

export interface WarmPoolHome extends PreparationHome {
  readonly images: ImageStore;
  readonly detachAll: boolean;
}

/** What went wrong with the boxes of a pool, since it began. */
export interface WarmFailures {
  readonly total: number;
  readonly last: { readonly at: Date; readonly message: string } | undefined;
}

/** Refuses what cannot be kept ready, before any work. `InvalidArgumentError`, `UnsupportedError`. */
export function checkWarm(warm: readonly WarmOptions[], { engine }: Pick<PreparationHome, 'engine'>): void {
  for (const [i, { size, box = {} }] of warm.entries()) {
    if (!Number.isInteger(size) || size < 0 || size > sizeMax)
      throw new InvalidArgumentError(`warm[${i}].size must be a whole number from 0 to ${sizeMax}, not ${size}`);
    checkBoxOptions(box);
    engine.checkOptions(box);
    for (const field of ['volumes', 'ports'] as const)
      if (box[field]?.length)
        throw new InvalidArgumentError(
          `warm[${i}].box.${field}: no box is kept ready with ${field}; leave them out, a box made with them starts cold`,
        );
  }
}

/** Boxes that are up before they are asked for, so that a start only has to hand one over. */
export class WarmPool {
  readonly #home: WarmPoolHome;
  readonly #shelves: readonly Shelf[];
  #failures: WarmFailures = { total: 0, last: undefined };

  constructor(home: WarmPoolHome, warm: readonly WarmOptions[]) {
    this.#home = home;
    this.#shelves = warm.map(
      ({ size, box = {} }, i) =>
        new Shelf({
          size,
          prepare: (signal) => this.#prepare(box, signal),
          failed: (error) => this.#failed(`warm[${i}]: ${error instanceof Error ? error.message : error}`),
        }),
    );
  }

  get failures(): WarmFailures {
    return this.#failures;
  }

  /** How many boxes are ready. */
  get ready(): number {
    return this.#shelves.reduce((sum, shelf) => sum + shelf.ready, 0);
  }

  /** A ready box that is what the record asks for, the taker's from now on. Those of an image that has moved on end. */
  take(record: BoxRecord): PreparedBox | undefined {
    if (this.#shelves.length === 0) return undefined;
    const shape = boxShape(this.#home, record);
    for (const shelf of this.#shelves) {
      const taken = shelf.take(shape);
      if (taken) return taken;
    }
    const isPast = ({ record: { image, imageId } }: PreparedBox): boolean =>
      image === record.image && imageId !== record.imageId;
    if (record.tenant === poolTenant) for (const shelf of this.#shelves) void shelf.drop(isPast);
    return undefined;
  }

  /** Ends every box that nobody took. Twice is fine. */
  async close(): Promise<void> {
    await Promise.all(this.#shelves.map((shelf) => shelf.close()));
  }

  /** An operator who watches no metrics sees a warning, once for each cause that follows another. */
  #failed(message: string): void {
    const { total, last } = this.#failures;
    this.#failures = { total: total + 1, last: { at: new Date(), message } };
    // A box's id says nothing of the cause.
    const cause = (text: string | undefined): string | undefined => text?.replace(/box \w+/, '');
    if (cause(last?.message) === cause(message)) return;
    process.emitWarning(`a box of the warm pool failed, and is tried again: ${message}`, 'BoxliteWarning');
  }

  async #prepare(box: BoxOptions, signal: AbortSignal): Promise<PreparedBox> {
    const { engine, images, detachAll } = this.#home;
    const options = optionsOn(engine, box);
    using holding = new Holding();
    const root = await boxRoot(options, images.of(poolTenant), holding, signal);
    const record = newBoxRecord({ tenant: poolTenant, name: undefined, detachAll, ...root, options });
    return await prepareBox(this.#home, record, holding.move());
  }
}

/** What a runtime tells of its pool; of none, that nothing is ready. */
export function warmMetrics(
  pool: WarmPool | undefined,
): Pick<RuntimeMetrics, 'numWarmBoxes' | 'warmFailuresTotal' | 'lastWarmFailure'> {
  const { total, last } = pool?.failures ?? { total: 0, last: undefined };
  return { numWarmBoxes: pool?.ready ?? 0, warmFailuresTotal: total, ...(last && { lastWarmFailure: last }) };
}
