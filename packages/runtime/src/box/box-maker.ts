import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type BoxOptions, type MakeOptions, ResourceExhaustedError } from 'boxlite/backend';
import { unpackArchive } from '../archive/import-box.ts';
import type { ImportedLayers } from '../archive/imported-layers.ts';
import { type MadeOf, madeOf } from '../archive/made-of.ts';
import { Holding } from '../holding.ts';
import type { ImageStore, ReadyImage } from '../images/images.ts';
import type { WarmPool } from '../pool/warm-pool.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { newBoxRecord } from '../store/new-box-record.ts';
import { withRealPaths } from '../volume/real-paths.ts';
import type { ManagedVolumes } from '../volume/volumes.ts';
import type { BoxHome } from './box-home.ts';
import { boxRoot } from './box-root.ts';
import type { LocalBox } from './local-box.ts';
import { type Making, making } from './making.ts';
import type { PreparedBox } from './prepared-box.ts';

/** What boxes are made with. */
export interface BoxMakerParts extends Pick<BoxHome, 'store' | 'engine' | 'disks' | 'folder' | 'detachAll'> {
  readonly images: ImageStore;
  readonly importedLayers: ImportedLayers;
  readonly volumes: ManagedVolumes;
  /** Makes a disk with a size. */
  readonly makeImage: (image: string, sizeGb: number) => Promise<void>;
  /** Most boxes of one tenant. */
  readonly maxBoxes: number;
  readonly warm: () => WarmPool | undefined;
  /** The box of a record that has just come into the store. */
  readonly held: (record: BoxRecord, prepared?: PreparedBox) => LocalBox;
}

/** Whose a new box is, and what it is called. */
export interface BoxPlace {
  readonly tenant: string;
  readonly name: string | undefined;
}

/**
 * Makes boxes: of options, of another box, of an archive. Nobody else is at a name meanwhile, and a record comes last:
 * what has none is swept by the next start.
 */
export class BoxMaker {
  readonly #parts: BoxMakerParts;
  readonly #making: Making;

  constructor(parts: BoxMakerParts) {
    this.#parts = parts;
    this.#making = making(parts.store.boxes);
  }

  /** The box of that name that is being made. */
  underWay({ tenant, name = '' }: BoxPlace): Promise<LocalBox> | undefined {
    return this.#making.get(tenant, name);
  }

  /** Waits until nothing is being made. */
  settled(): Promise<void> {
    return this.#making.settled();
  }

  /** A box of options that were checked. `AlreadyExistsError`, `ResourceExhaustedError`, `ImageError`. */
  create(place: BoxPlace, options: BoxOptions, call: MakeOptions): Promise<LocalBox> {
    return this.#make(place, async () => {
      const began = performance.now();
      const { volumes, images, warm } = this.#parts;
      const taken = volumes.take(place.tenant, await withRealPaths(options));
      // Until the box is stored, only this keeps its image from being removed.
      using holding = new Holding();
      const root = await boxRoot(taken, images.of(place.tenant), holding);
      const record = this.#record(place, { ...root, options: taken });
      const prepared = warm()?.take(record);
      const own = prepared ? { ...record, id: prepared.record.id } : record;
      try {
        call.onId?.(own.id);
        return this.#insert(own, performance.now() - began, prepared);
      } catch (error) {
        await prepared?.destroy();
        throw error;
      } finally {
        prepared?.holding[Symbol.dispose]();
      }
    });
  }

  /** A box with what another has, which stands still while its disk is copied. */
  clone(place: BoxPlace, source: LocalBox, call: MakeOptions): Promise<LocalBox> {
    const { disks, folder } = this.#parts;
    const copy = (): Promise<LocalBox> =>
      disks.stages.use(async (stage) => {
        const { id, image, imageId, rootfs, defaults, options } = source.life.state.record;
        await disks.copy(folder(id), join(stage, 'copy'));
        return this.#settle(place, join(stage, 'copy'), { image, imageId, rootfs, defaults, options }, call);
      });
    return this.#make(place, () => source.life.whileStill(copy));
  }

  /** A box of what an archive holds. */
  import(place: BoxPlace, archive: ReadableStream<Uint8Array>, call: MakeOptions): Promise<LocalBox> {
    const { disks, engine, images, makeImage, importedLayers } = this.#parts;
    return this.#make(place, async () => {
      using holding = new Holding();
      const findImage = async (digest: string): Promise<ReadyImage | undefined> => {
        const ready = images.of(place.tenant).ready(digest);
        const image = await ready.catch(() => undefined);
        return image && holding.use(image);
      };
      return await disks.stages.use(async (stage) => {
        const how = { stage, disks, makeImage, findImage, check: engine.checkOptions };
        const parts = await unpackArchive(archive, how);
        const { layers, box, image } = parts;
        if (image) return this.#settle(place, box, madeOf(parts, image.info.id, image.layers), call);
        return importedLayers.adopt(layers, (paths) => this.#settle(place, box, madeOf(parts, undefined, paths), call));
      });
    });
  }

  #make({ tenant, name }: BoxPlace, make: () => Promise<LocalBox>): Promise<LocalBox> {
    this.#checkRoom(tenant);
    return this.#making.make(tenant, name, make);
  }

  #record(place: BoxPlace, made: MadeOf): BoxRecord {
    return newBoxRecord({ ...place, detachAll: this.#parts.detachAll, ...made });
  }

  #insert(record: BoxRecord, imagePrepareMs: number, prepared?: PreparedBox): LocalBox {
    const { store, held } = this.#parts;
    // Others may have been made meanwhile.
    this.#checkRoom(record.tenant);
    store.boxes.insert(record);
    store.counters.add(record.tenant, 'boxes_created');
    const timing = { imagePrepareMs };
    return held(store.boxes.update(record.id, { status: 'configured', pid: undefined, timing }), prepared);
  }

  /** Makes a finished folder a box's; without the record that comes last, the next start deletes it. */
  async #settle(place: BoxPlace, from: string, made: MadeOf, { onId }: MakeOptions): Promise<LocalBox> {
    const record = this.#record(place, made);
    const folder = this.#parts.folder(record.id);
    await rename(from, folder);
    try {
      onId?.(record.id);
      return this.#insert(record, 0);
    } catch (error) {
      await this.#parts.disks.drop(folder);
      throw error;
    }
  }

  #checkRoom(tenant: string): void {
    const { store, maxBoxes } = this.#parts;
    if (store.boxes.count(tenant) < maxBoxes) return;
    throw new ResourceExhaustedError(`there are ${maxBoxes} boxes, which is the most here; remove one first`);
  }
}
