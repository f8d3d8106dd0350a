import type { BoxRecord } from '../store/box-records.ts';
import { BoxBody, type StartedBody } from './box-body.ts';
import type { BoxHome } from './box-home.ts';
import { LocalNetwork, networkInfo } from './box-network.ts';
import { engineBox } from './engine-box.ts';

/** A box that is up before anyone asked for it: with an id, a folder and a network, and in no store. */
export interface PreparedBox {
  readonly record: BoxRecord;
  readonly shape: string;
  readonly network: LocalNetwork;
  readonly started: StartedBody;
  /** Keeps its image; to be disposed of once something else does. */
  readonly holding: Disposable;
  /** Ends it and deletes what it was. `StorageError`. */
  destroy(): Promise<void>;
}

/** What boxes are prepared with. */
export type PreparationHome = Pick<BoxHome, 'engine' | 'disks' | 'volumePath' | 'networks' | 'folder'>;

/**
 * All that an engine and a network are told of a box at its start, but for what is its own (its id, its folder, and its
 * hostname where that can be changed): a prepared box of the same shape is what a record asks for.
 */
export function boxShape(home: PreparationHome, record: BoxRecord): string {
  const { hostname, ...same } = engineBox({ ...record, id: 'id' }, '/', home);
  const { ports = [] } = record.options;
  return JSON.stringify([same, networkInfo(record), ports, home.engine.canRename(same.security) ? '' : hostname]);
}

/** Brings up a box of the record, which is in no store. What fails leaves nothing, and lets `holding` go. */
export async function prepareBox(home: PreparationHome, record: BoxRecord, holding: Disposable): Promise<PreparedBox> {
  const folder = home.folder(record.id);
  const network = new LocalNetwork(home.networks, record, folder);
  const body = new BoxBody({ home, network, folder, record: () => record });
  let started: StartedBody | undefined;
  const destroy = async (): Promise<void> => {
    // Also where its end is not seen, as when its folder has been taken away: nothing waits for it then.
    started?.channel.close();
    try {
      await body.release();
      await body.destroy();
    } finally {
      holding[Symbol.dispose]();
    }
  };
  try {
    started = await body.start();
    return { record, shape: boxShape(home, record), network, started, holding, destroy };
  } catch (error) {
    await destroy().catch(() => {});
    throw error;
  }
}
