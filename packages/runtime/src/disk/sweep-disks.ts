import type { ImportedLayers } from '../archive/imported-layers.ts';
import { sweepSnapshots } from '../snapshot/box-snapshots.ts';
import type { SnapshotRecords } from '../snapshot/snapshot-records.ts';
import type { Store } from '../store/store.ts';
import type { ManagedVolumes } from '../volume/volumes.ts';
import type { BoxDisks } from './box-disks.ts';

export interface SweepDisksOptions {
  readonly store: Store;
  readonly disks: BoxDisks;
  readonly snapshots: SnapshotRecords;
  readonly volumes: ManagedVolumes;
  readonly importedLayers: ImportedLayers;
  readonly folder: (id: string) => string;
}

/** Clears away what a former process left half made, before anything else. */
export async function sweepDisks(options: SweepDisksOptions): Promise<void> {
  const { store, disks, snapshots, volumes, importedLayers, folder } = options;
  await disks.stages.sweep();
  for (const { id } of store.boxes.all()) await sweepSnapshots(id, folder(id), disks, snapshots);
  await volumes.sweep();
  await importedLayers.sweep();
}
