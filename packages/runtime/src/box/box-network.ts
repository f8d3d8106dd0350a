import { mkdirSync, writeFileSync } from 'node:fs';
import {
  type BoxOptions,
  InvalidStateError,
  type NetworkEvent,
  type NetworkInfo,
  type PublishedPort,
  UnsupportedError,
} from 'boxlite/backend';
import type { ChosenEngine } from '../engine/choice.ts';
import { boxPaths } from '../engine/disk.ts';
import type { EngineNetwork } from '../engine/engine.ts';
import { resolvConf } from '../engine/oci-config.ts';
import type { Host } from '../host/host.ts';
import {
  adoptBoxNetwork,
  type BoxNetwork,
  type BoxNetworkOptions,
  type DialledStream,
  type NetworkUsage,
  openBoxNetwork,
  type PreparedNetwork,
  prepareBoxNetwork,
  removeBoxNetwork,
} from '../network/index.ts';
import type { BoxRecord } from '../store/box-records.ts';

/** What the networks of boxes are made with. */
export interface NetworkHome {
  readonly host: Host;
  readonly guestBinary: string;
}

type NetworkRecord = Pick<BoxRecord, 'id' | 'options' | 'detached'>;

const noPorts: readonly PublishedPort[] = [];

/** The network that a box was made with; `ports` as far as they are published now. */
export function networkInfo({ options }: NetworkRecord, ports: readonly PublishedPort[] = noPorts): NetworkInfo {
  const { network = 'isolated' } = options;
  if (network === 'none') return { mode: 'none', allow: undefined, inbound: false, ports: noPorts };
  const { allow = undefined, inbound = true } = network === 'isolated' ? {} : network;
  return { mode: 'isolated', allow, inbound, ports };
}

/** The options of a box on an engine that can give it no network: with none, unless it asks for one. `UnsupportedError`. */
export function withoutNetwork(options: BoxOptions): BoxOptions {
  const asked = options.network !== undefined && options.network !== 'none' ? 'network' : undefined;
  const field = options.ports?.length ? 'ports' : asked;
  if (field === undefined) return { ...options, network: 'none' };
  throw new UnsupportedError(
    `${field}: boxes on this engine have no network yet; leave it out, or choose the engine runc or runsc`,
  );
}

/** The options as a box on that engine can have them. `UnsupportedError`. */
export function optionsOn(engine: Pick<ChosenEngine, 'networksOf'>, options: BoxOptions): BoxOptions {
  return engine.networksOf(options.security ?? 'standard') ? options : withoutNetwork(options);
}

/** The network of one box: there from before its first command until after its end. */
export class LocalNetwork {
  readonly #home: NetworkHome;
  readonly #record: NetworkRecord;
  readonly #folder: string;
  #open: BoxNetwork | undefined;
  #prepared: Promise<PreparedNetwork> | undefined;
  #isGone = false;

  constructor(home: NetworkHome, record: NetworkRecord, folder: string) {
    this.#home = home;
    this.#record = record;
    this.#folder = folder;
  }

  get info(): NetworkInfo {
    return networkInfo(this.#record, this.#isGone ? noPorts : this.#open?.ports);
  }

  /**
   * Opens it, before its box, in a namespace that it makes for a box with a network stack of its own; what its engine joins.
   * A box made without a network keeps its loopback. `AlreadyExistsError` naming a port that is taken.
   */
  async open(): Promise<EngineNetwork | undefined> {
    const options = this.#options();
    if (options === undefined) return undefined;
    const opened = await openBoxNetwork(this.#home.host, this.#home.guestBinary, { ...options, ownStack: true });
    this.#attend(opened);
    return opened;
  }

  /** Starts what `join` needs, while its box comes up; what goes wrong, `join` tells. `close` ends it, too. */
  prepare(): void {
    const options = this.#options();
    if (options === undefined) return;
    this.#prepared = prepareBoxNetwork(this.#home.host, this.#home.guestBinary, options);
    this.#prepared.catch(() => {});
  }

  /**
   * Opens what was prepared, if anything, in the namespace of the box that has just come up as process `pid`, whose user
   * namespace then owns it. `AlreadyExistsError` naming a port that is taken.
   */
  async join(pid: number): Promise<void> {
    const prepared = await this.#prepared;
    this.#prepared = undefined;
    if (prepared === undefined) return;
    const opened = await prepared.join(`/proc/${pid}/ns/net`);
    this.#attend(opened);
    // In place: the box has this very file bound over its own.
    writeFileSync(`${boxPaths(this.#folder).etc}/resolv.conf`, resolvConf(opened.resolver));
  }

  /** Takes up the network of a box that a former process left running; one that is gone stays so until the next start. */
  async adopt(): Promise<void> {
    if (this.info.mode !== 'isolated') return;
    const adopted = await adoptBoxNetwork(this.#home.host, this.#place);
    if (adopted) this.#attend(adopted);
  }

  /** Ends it, or what a former process left of it. Twice is fine. */
  async close(): Promise<void> {
    const [open, prepared] = [this.#open, this.#prepared];
    this.#open = this.#prepared = undefined;
    await prepared?.then(
      (ready) => ready.close(),
      () => {},
    );
    if (open) await open.close();
    else if (this.info.mode === 'isolated') await removeBoxNetwork(this.#home.host, this.#place);
  }

  /** Leaves it as it is to the next runtime. Twice is fine. */
  async letGo(): Promise<void> {
    await this.#open?.letGo();
    this.#open = undefined;
  }

  /** Undefined while there is none, and when it does not answer: numbers are no reason to fail. */
  async usage(): Promise<NetworkUsage | undefined> {
    return this.#open?.usage().catch(() => undefined);
  }

  /** Rejects when it should be there and does not answer. `NetworkError` */
  async assertAnswers(): Promise<void> {
    if (this.info.mode === 'isolated') await this.#open?.usage();
  }

  /** When something outside last used the box by a tunnel or a published port, in milliseconds since 1970. */
  async usedAt(): Promise<number | undefined> {
    const usage = await this.usage();
    return usage && Date.now() - usage.inwardIdleMs;
  }

  async events(after: number): Promise<readonly NetworkEvent[]> {
    return (await this.#open?.events(after)) ?? [];
  }

  /** `InvalidStateError` for a box that takes no connections. */
  assertInbound(): void {
    if (this.info.inbound) return;
    throw new InvalidStateError(`box ${this.#record.id} takes no connections; make one whose network is open inbound`);
  }

  /** A connection to a TCP port of the running box; `NetworkError` when nothing listens there. */
  async dial(port: number, signal: AbortSignal | undefined): Promise<DialledStream> {
    this.assertInbound();
    if (this.#open) return this.#open.dial(port, signal);
    throw new InvalidStateError(
      `box ${this.#record.id} has no network now: its engine gives none, or it is gone; stop the box and start it again`,
    );
  }

  /** Undefined for a box without a network; makes its folder. */
  #options(): BoxNetworkOptions | undefined {
    const { mode, allow } = this.info;
    if (mode === 'none') return undefined;
    const { id, options, detached } = this.#record;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    return { id, folder: this.#folder, attached: !detached, allow, ports: options.ports ?? [] };
  }

  /** One that ends by itself publishes nothing any more. */
  #attend(network: BoxNetwork): void {
    this.#open = network;
    this.#isGone = false;
    network.closed.then(() => {
      if (this.#open === network) this.#isGone = true;
    });
  }

  get #place(): { readonly id: string; readonly folder: string } {
    return { id: this.#record.id, folder: this.#folder };
  }
}
