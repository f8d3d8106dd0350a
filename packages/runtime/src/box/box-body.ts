import { join } from 'node:path';
import { type BootTiming, StorageError } from 'boxlite/backend';
import type { Engine, EngineBox } from '../engine/engine.ts';
import type { GuestChannel } from '../guest/channel.ts';
import { connectGuest } from '../guest/connect-guest.ts';
import type { BoxRecord } from '../store/box-records.ts';
import type { BoxHome } from './box-home.ts';
import { type LocalNetwork, withoutNetwork } from './box-network.ts';

type BodyHome = Pick<BoxHome, 'engine' | 'disks' | 'volumePath'>;

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

  constructor({ home, network, folder, record }: BoxBodyParts) {
    this.#home = home;
    this.#engine = home.engine;
    this.#network = network;
    this.#folder = folder;
    this.#record = record;
  }

  /** Brings it up; resolves once its guest answers. A failure leaves what `release` lets go of. */
  async start(): Promise<StartedBody> {
    const began = performance.now();
    const box = this.#engineBox();
    const networked = this.#home.engine.hasNetworks(box.security);
    if (!networked) withoutNetwork(this.#record().options);
    const { pid, timing } = await this.#engine.start(box);
    const spawned = performance.now();
    // Both to their end: what comes after a failure of the other could not be let go of.
    const [reached, joined] = await Promise.allSettled([
      connectGuest(box.socketPath, { timeoutMs: this.#engine.guestMs }),
      networked ? this.#network.open(pid) : undefined,
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
        boxConfigMs: timing.configMs,
        boxSpawnMs: timing.spawnMs,
        guestBootMs: now - spawned,
        totalCreateMs: now - began + imagePrepareMs,
      },
    };
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

  /** Ends everything in it at once. */
  async kill(): Promise<void> {
    await this.#engine.kill(this.#engineBox());
  }

  /** Ends it and lets go of all that it held but its disk. Twice is fine. */
  async release(): Promise<void> {
    await this.kill();
    await this.#engine.release(this.#engineBox());
    await this.#network.close();
  }

  /** Deletes its disk and its folder, after `release`. `StorageError`. */
  async destroy(): Promise<void> {
    await destroyBox(this.#home, this.#engineBox());
  }

  #engineBox(): EngineBox {
    return engineBox(this.#record(), this.#folder, this.#home);
  }
}

/** Lets go of and deletes whatever lies in the folder of a box. `StorageError` when something of it stays. */
export async function destroyBox(
  { engine, disks }: Pick<BoxHome, 'engine' | 'disks'>,
  place: Pick<EngineBox, 'id' | 'folder'>,
): Promise<void> {
  try {
    await engine.kill(place);
    await engine.release(place);
    await engine.destroy(place);
    await disks.drop(place.folder);
  } catch (cause) {
    throw new StorageError(
      `box ${place.id} is removed, but ${place.folder} could not be deleted and is tried again when the runtime is next opened: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}

// So few that its guest, which nothing prefers there, still gets its turn among them to end a fork bomb.
const processesWithoutCgroups = 1024;

/** A box as its engine must know it; everything of it lies below the folder. */
function engineBox(record: BoxRecord, folder: string, { engine, volumePath }: BodyHome): EngineBox {
  const { id, name, options, rootfs, detached } = record;
  return {
    id,
    folder,
    rootfs,
    socketPath: join(folder, 'guest.sock'),
    attached: !detached,
    hostname: name?.replaceAll(/[^a-zA-Z0-9-]/g, '-').slice(0, 63) ?? id.toLowerCase(),
    cpus: options.cpus ?? 1,
    memoryMib: options.memoryMib ?? 512,
    diskSizeGb: options.diskSizeGb,
    processes: options.processes ?? (engine.cgroups ? 4096 : processesWithoutCgroups),
    openFiles: options.openFiles,
    volumes: (options.volumes ?? []).map(({ guestPath, readOnly = false, ...volume }) => ({
      hostPath: 'volume' in volume ? volumePath(volume.volume) : volume.hostPath,
      guestPath,
      readOnly,
      managed: 'volume' in volume,
    })),
    tmpfs: (options.tmpfs ?? []).map(({ guestPath, sizeMib = 64 }) => ({ guestPath, sizeMib })),
    security: options.security ?? 'standard',
    capabilities: options.capabilities ?? {},
  };
}
