import type { BoxDisks } from '../disk/box-disks.ts';
import type { ChosenEngine } from '../engine/choice.ts';
import type { Store } from '../store/store.ts';
import type { NetworkHome } from './box-network.ts';

/** What a box needs of the runtime that holds it. */
export interface BoxHome {
  readonly store: Store;
  readonly engine: ChosenEngine;
  readonly networks: NetworkHome;
  /** The folder of a box, by its id. */
  readonly folder: (id: string) => string;
  readonly disks: BoxDisks;
  /** Where what is in a managed volume lies, by its id. */
  readonly volumePath: (id: string) => string;
  readonly detachAll: boolean;
  readonly outputLimitBytes: number;
  /** `StoppedError` once the runtime is shut down. */
  readonly assertOpen: () => void;
  /** The box is no more. */
  readonly removed: (id: string) => void;
}
