import { join } from 'node:path';
import { type BoxDisks, exists } from '../disk/box-disks.ts';
import { boxPaths } from '../engine/disk.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { type ArchivePart, partKind, writeArchive } from './archive-writer.ts';
import { type Manifest, manifestBytes, portableOptions } from './manifest.ts';

/** A box's archive, from a stage that holds a copy of its disk. */
export function exportBox(
  { id, name, image, imageId, rootfs, options, defaults }: BoxRecord,
  stage: string,
  disks: BoxDisks,
): AsyncGenerator<Uint8Array, void, undefined> {
  const layers = 'path' in rootfs ? [rootfs.path] : rootfs.layers;
  async function* parts(): AsyncGenerator<ArchivePart, void, undefined> {
    const upper = await copiedUpper(disks, stage);
    const manifest: Manifest = {
      createdAt: new Date().toISOString(),
      name: name ?? id,
      image: { reference: image, digest: imageId ?? null },
      layers: layers.length,
      disk: upper !== undefined,
      options: portableOptions(options),
      defaults,
    };
    yield { kind: partKind.manifest, bytes: [manifestBytes(manifest)] };
    for (const layer of layers) yield { kind: partKind.layer, bytes: disks.program.pack(layer) };
    if (upper !== undefined) yield { kind: partKind.disk, bytes: disks.program.pack(upper) };
  }
  return writeArchive(parts());
}

/** Where the copy's files are; an image is mounted for it. Undefined for a box that was never started. */
async function copiedUpper({ stages }: BoxDisks, stage: string): Promise<string | undefined> {
  const { image, upper } = boxPaths(join(stage, 'copy'));
  if (await exists(image)) return join(await stages.mount(stage, image), 'upper');
  return (await exists(upper)) ? upper : undefined;
}
