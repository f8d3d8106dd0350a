import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BoxliteOptions, RuntimeBackend } from 'boxlite/backend';
import { importedLayers } from './archive/imported-layers.ts';
import { defaultMaxBoxes } from './config.ts';
import { boxDisks } from './disk/box-disks.ts';
import { diskProgram } from './disk/disk-program.ts';
import { stages } from './disk/stages.ts';
import { openEngine } from './engine/choice.ts';
import { diskImages } from './engine/disk.ts';
import { layerOwners } from './engine/owner.ts';
import { homeDirectory } from './home-directory.ts';
import { openHost } from './host/host.ts';
import { processStarter } from './images/layer/unpacker.ts';
import { openImageStore } from './images/store.ts';
import { checkWarm } from './pool/warm-pool.ts';
import { boxFolder, LocalRuntime } from './runtime.ts';
import { baseImageDir, guestBinary, kernelRoots } from './shipped-files.ts';
import { snapshotRecords } from './snapshot/snapshot-records.ts';
import type { BoxRecord } from './store/box-records.ts';
import { openStore } from './store/store.ts';
import { managedVolumes } from './volume/volumes.ts';

const defaultOutputLimitBytes = 4 * 1024 ** 3;
const defaultRetentionMs = 7 * 24 * 60 * 60 * 1000;
const defaultRetentionBytes = 16 * 1024 ** 3;

/** The home directory that a runtime uses when none is given. */
export function defaultHomeDir(): string {
  return process.env['BOXLITE_HOME'] || join(homedir(), '.boxlite');
}

/**
 * Opens the local runtime of a home directory and takes up the boxes that a former process left there.
 * One process at a time: `InvalidStateError` names the one that has it. `EngineError` when this host cannot run boxes.
 */
export async function openLocal(options: BoxliteOptions): Promise<RuntimeBackend> {
  const homeDir = await homeDirectory(resolve(options.homeDir ?? defaultHomeDir()));
  const opened: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const undo of opened.splice(0).reverse()) await undo();
  };
  try {
    const host = await openHost({ binary: guestBinary, lockPath: join(homeDir, 'lock') });
    opened.push(() => host.close());
    const store = openStore(join(homeDir, 'boxlite.db'));
    opened.push(() => store.close());
    // Boxes whose layers are being read: those stay, even when the box itself is removed.
    const lent = new Set<BoxRecord>();
    const images = await openImageStore({
      homeDir,
      database: store.database,
      registries: options.imageRegistries ?? [],
      registryPolicy: options.registryPolicy,
      baseImageDir,
      ...(host.space.rootless && { owners: layerOwners(host), unpacker: processStarter(host.inside) }),
      inUse: (imageId, tenant) =>
        store.boxes.usesImage(imageId, tenant) ||
        [...lent].some((box) => box.imageId === imageId && (tenant === undefined || box.tenant === tenant)),
    });
    opened.push(() => images.close());
    const choice = options.engine ?? (process.env['BOXLITE_ENGINE'] || undefined);
    const parts = { host, guestBinary, stateDir: join(homeDir, 'engine'), kernelRoots };
    const engine = await openEngine(parts, choice);
    const { warm = [] } = options;
    checkWarm(warm, { engine });
    const disks = boxDisks({
      host,
      program: diskProgram(host, guestBinary),
      stages: stages(host, join(homeDir, 'stages')),
    });
    const shared = { database: store.database, boxes: () => store.boxes.all(), drop: disks.drop };
    const layersOfArchives = importedLayers({
      boxes: () => [...store.boxes.all(), ...lent],
      drop: disks.drop,
      move: disks.program.move,
      directory: join(homeDir, 'imported-layers'),
    });
    const runtime = new LocalRuntime({
      disks,
      snapshots: snapshotRecords(store.database),
      importedLayers: layersOfArchives,
      lend(record) {
        lent.add(record);
        return () => {
          lent.delete(record);
          layersOfArchives.sweep().catch(() => {});
        };
      },
      volumes: (assertOpen) => managedVolumes({ ...shared, directory: join(homeDir, 'volumes'), assertOpen }),
      makeImage: diskImages(host, join(homeDir, 'engine', 'templates')),
      store,
      engine,
      warm,
      networks: { host, guestBinary },
      images,
      folder: (id) => boxFolder(homeDir, id),
      detachAll: options.detachAll ?? false,
      maxBoxes: options.maxBoxes ?? defaultMaxBoxes,
      outputLimitBytes: options.outputLimitBytes ?? defaultOutputLimitBytes,
      outputRetention: {
        ms: options.outputRetentionMs ?? defaultRetentionMs,
        bytes: options.outputRetentionBytes ?? defaultRetentionBytes,
      },
      close,
    });
    await runtime.recover();
    return runtime.tenant('default');
  } catch (error) {
    await close();
    throw error;
  }
}
