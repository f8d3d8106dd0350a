import { type BootTiming, EngineError, StorageError } from 'boxlite/backend';
import type { Engine, EngineBox } from '../engine/engine.ts';
import type { GuestChannel } from '../guest/channel.ts';
import { connectGuest } from '../guest/connect-guest.ts';
import { removeBoxNetwork } from '../network/index.ts';
import type { BoxRecord } from '../store/box-records.ts';
import type { BoxHome } from './box-home.ts';
import { type LocalNetwork, withoutNetwork } from './box-network.ts';
import { engineBox } from './engine-box.ts';

// A prepared box has nothing else to do; one that takes longer is started anew, which takes less.
const answerMs = 1000;
// Whoever starts a box at once after it was made does not wait for a second answer.
const freshMs = 20;

type BodyHome = Pick<BoxHome, 'engine' | 'disks' | 'volumePath' | 'networks'>;

/** A box that has just come up. */
export interface StartedBody {
  readonly pid: number;
  readonly channel: GuestChannel;
  readonly timing: BootTiming;
}

export interface BoxBodyParts {
  readonly home: BodyHome;
  readonly network: LocalNetwork;
  readonly folder: string;
  readonly record: () => BoxRecord;
  /** What its first start gives, already up on this network and in this folder. */
  readonly prepared?: StartedBody | undefined;
}

/**
 * What a box is made of on its host: all that `start` opens, in order, and `release` lets go of, in the reverse order.
 * It knows nothing of statuses; each step may be done again after a crash or a failure.
 */
export class BoxBody {
  readonly #home: BodyHome;
  readonly #engine: Engine;
  readonly #network: LocalNetwork;
  readonly #folder: string;
  readonly #record: () => BoxRecord;
  #prepared: StartedBody | undefined;
  #preparedEnded = false;
  #asked: { readonly at: number; readonly answers: Promise<boolean> } | undefined;

  constructor({ home, network, folder, record, prepared }: BoxBodyParts) {
    this.#home = home;
    this.#engine = home.engine;
    this.#network = network;
    this.#folder = folder;
    this.#record = record;
    this.#prepared = prepared;
    if (!prepared) return;
    prepared.channel.closed.then(() => {
      this.#preparedEnded = true;
    });
    this.#ask(prepared);
  }

  /** It is up although nobody started it. */
  get isPrepared(): boolean {
    return this.#prepared !== undefined;
  }

  /** Brings it up; resolves once its guest answers. A failure leaves what `release` lets go of. */
  async start(): Promise<StartedBody> {
    const prepared = await this.#takePrepared();
    if (prepared) return prepared;
    const began = performance.now();
    const box = this.#engineBox();
    const order = this.#home.engine.networksOf(box.security);
    if (order === undefined) withoutNetwork(this.#record().options);
    const network = order === 'before' ? await this.#network.open() : undefined;
    if (order === 'after') this.#network.prepare();
    const opened = performance.now();
    const { pid, timing } = await this.#engine.start({ ...box, ...(network && { network }) });
    const spawned = performance.now();
    // Both to their end: what comes after a failure of the other could not be let go of.
    const [reached, joined] = await Promise.allSettled([
      connectGuest(box.socketPath, { timeoutMs: this.#engine.guestMs }),
      order === 'after' ? this.#network.join(pid) : undefined,
    ]);
    if (reached.status === 'rejected') throw reached.reason;
    const channel = reached.value;
    if (joined.status === 'rejected') {
      channel.close();
      throw joined.reason;
    }
    const now = performance.now();
    const imagePrepareMs = this.#record().timing?.imagePrepareMs ?? 0;
    return {
      pid,
      channel,
      timing: {
        imagePrepareMs,
        filesystemSetupMs: timing.filesystemMs,
        boxConfigMs: opened - began + timing.configMs,
        boxSpawnMs: timing.spawnMs,
        guestBootMs: now - spawned,
        totalCreateMs: now - began + imagePrepareMs,
      },
    };
  }

  /** What is up already, as the box that it is now; undefined when it has ended, which `start` then begins over. */
  async #takePrepared(): Promise<StartedBody | undefined> {
    const began = performance.now();
    const prepared = this.#prepared;
    if (!prepared) return undefined;
    const { name, timing } = this.#record();
    const renamed = name === undefined ? undefined : this.#engine.rename?.(this.#engineBox());
    const isRenamed = Promise.resolve(renamed).then(
      () => true,
      () => false,
    );
    const isUp = (await Promise.all([isRenamed, this.#ask(prepared)])).every(Boolean);
    if (!isUp || this.#preparedEnded) {
      await this.release();
      return undefined;
    }
    this.#prepared = undefined;
    const imagePrepareMs = timing?.imagePrepareMs ?? 0;
    return { ...prepared, timing: { imagePrepareMs, totalCreateMs: performance.now() - began + imagePrepareMs } };
  }

  /** Whether what is up answers, its network too: what has just ended may not have been noticed yet. */
  #ask({ channel }: StartedBody): Promise<boolean> {
    const at = performance.now();
    if (this.#asked && at - this.#asked.at < freshMs) return this.#asked.answers;
    const answers = Promise.all([answer(channel), this.#network.assertAnswers()]).then(
      () => true,
      () => false,
    );
    this.#asked = { at, answers };
    return answers;
  }

  /** A new channel to what a former process left running; undefined when it is gone. */
  async reach(): Promise<GuestChannel | undefined> {
    const box = this.#engineBox();
    if ((await this.#engine.pid(box)) === undefined) return undefined;
    // A paused guest answers nobody.
    await this.#engine.resume(box);
    await this.#network.adopt();
    // Twice: a guest at a machine's port may not have seen that one runtime went before another came.
    return connectGuest(box.socketPath).catch(() => connectGuest(box.socketPath));
  }

  /** Stops everything in it where it is. */
  async pause(): Promise<void> {
    await this.#engine.pause(this.#engineBox());
  }

  /** Lets it go on; one that is not paused is fine. */
  async resume(): Promise<void> {
    await this.#engine.resume(this.#engineBox());
  }

  /** Why a box ended that nobody stopped, before `release`; undefined where that is not known. */
  async causeOfEnd(): Promise<string | undefined> {
    const box = this.#engineBox();
    if (!(await this.#engine.wasOutOfMemory?.(box))) return undefined;
    return `it was out of memory, which ends all of a box on its engine; make it with more than memoryMib ${box.memoryMib}`;
  }

  /** Ends everything in it at once. */
  async kill(): Promise<void> {
    await this.#engine.kill(this.#engineBox());
  }

  /** Ends it and lets go of all that it held but its disk. Twice is fine. */
  async release(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    prepared?.channel.close();
    await this.kill();
    await this.#engine.release(this.#engineBox());
    await this.#network.close();
  }

  /** Lets go of what is up although nobody started it: its disk is then nobody's. */
  async unprepare(): Promise<void> {
    if (this.#prepared) await this.release();
  }

  /** Deletes its disk and its folder, after `release`. `StorageError`. */
  async destroy(): Promise<void> {
    await destroyBox(this.#home, this.#engineBox());
  }

  #engineBox(): EngineBox {
    return engineBox(this.#record(), this.#folder, this.#home);
  }
}

/** Rejects when the guest behind a channel does not answer in time. */
async function answer(channel: GuestChannel): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => late.reject(new EngineError('the box does not answer')), answerMs);
  try {
    await Promise.race([channel.ping(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets go of and deletes whatever lies in the folder of a box. `StorageError` when something of it stays. */
export async function destroyBox(
  { engine, disks, networks }: Pick<BoxHome, 'engine' | 'disks' | 'networks'>,
  place: Pick<EngineBox, 'id' | 'folder'>,
): Promise<void> {
  try {
    await engine.kill(place);
    await engine.release(place);
    await removeBoxNetwork(networks.host, place);
    await engine.destroy(place);
    await disks.drop(place.folder);
  } catch (cause) {
    throw new StorageError(
      `box ${place.id} is removed, but ${place.folder} could not be deleted and is tried again when the runtime is next opened: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}
