import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BoxOptions } from 'boxlite/backend';
import type { BoxDisks } from '../disk/box-disks.ts';
import { boxPaths } from '../engine/disk.ts';
import type { ReadyImage } from '../images/images.ts';
import { type ReadPart, readArchive, refusedArchive } from './archive-reader.ts';
import { partKind } from './archive-writer.ts';
import { type Manifest, manifestBytesMax, readManifest } from './manifest.ts';

/** Most bytes of the files of one layer or disk, holes included. */
const bytesMax: number = 64 * 1024 ** 4;
/** Most entries of a whole archive. */
const entriesMax = 5_000_000;

/** What an archive held, checked to its last byte; it lies in the stage. */
export interface ImportedParts {
  readonly manifest: Manifest;
  /** The box's image, where it is here already. */
  readonly image: ReadyImage | undefined;
  /** Unpacked layers, lowest first; none where the image is here already. */
  readonly layers: readonly { readonly folder: string; readonly digest: string }[];
  /** A folder with the disk as in a box's. */
  readonly box: string;
}

export interface ImportBoxOptions {
  readonly stage: string;
  readonly disks: BoxDisks;
  readonly makeImage: (image: string, sizeGb: number) => Promise<void>;
  /** An image that is here, by its manifest's digest. */
  readonly findImage: (digest: string) => Promise<ReadyImage | undefined>;
  /** Refuses what this host cannot give to a box, before anything is unpacked. */
  readonly check: (options: BoxOptions) => void;
}

/** Unpacks an archive into a stage. `InvalidArgumentError` for one that is cut, changed or hostile. */
export async function unpackArchive(
  source: ReadableStream<Uint8Array>,
  { stage, disks, makeImage, findImage, check }: ImportBoxOptions,
): Promise<ImportedParts> {
  const box = join(stage, 'box');
  await mkdir(box, { mode: 0o700 });
  const layers: { folder: string; digest: string }[] = [];
  let manifest: Manifest | undefined;
  let image: ReadyImage | undefined;
  let seen = 0;
  let entriesLeft = entriesMax;
  let hasDisk = false;
  for await (const part of readArchive(source)) {
    if (manifest === undefined) {
      manifest = readManifest(await collected(part, partKind.manifest));
      check(manifest.options);
      image = manifest.image.digest === null ? undefined : await findImage(manifest.image.digest);
    } else if (part.kind === partKind.layer && seen < manifest.layers && !hasDisk) {
      await (image ? drained(part) : unpackLayer(part));
      seen++;
    } else if (part.kind === partKind.disk && manifest.disk && !hasDisk && seen === manifest.layers) {
      hasDisk = true;
      await unpackDisk(part, manifest.options);
    } else throw refusedArchive(`it has a part of the kind ${part.kind} out of place`);
  }
  if (manifest === undefined) throw refusedArchive('it has no manifest');
  if (seen !== manifest.layers || hasDisk !== manifest.disk) throw refusedArchive('parts of it are missing');
  return { manifest, image, layers, box };

  async function unpackLayer(part: ReadPart): Promise<void> {
    const folder = join(stage, `layer-${seen}`);
    await unpack(folder, part);
    layers.push({ folder, digest: part.digest() });
  }
  async function unpackDisk(part: ReadPart, { diskSizeGb }: BoxOptions): Promise<void> {
    const { image: file, disk, upper } = boxPaths(box);
    if (diskSizeGb === undefined) {
      await mkdir(disk, { mode: 0o700 });
      return unpack(upper, part);
    }
    // Made here and filled with files: a file system of the archive's maker is never mounted.
    await makeImage(file, diskSizeGb);
    await unpack(join(await disks.stages.mount(stage, file), 'upper'), part);
    await disks.stages.unmount(stage);
  }
  async function unpack(folder: string, part: ReadPart): Promise<void> {
    const { entries } = await disks.program.unpack(folder, { bytes: bytesMax, entries: entriesLeft }, part.bytes);
    entriesLeft -= entries;
    await drained(part);
  }
}

async function collected(part: ReadPart, kind: number): Promise<Uint8Array> {
  if (part.kind !== kind) throw refusedArchive('it does not begin with a manifest');
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of part.bytes) {
    length += piece.length;
    if (length > manifestBytesMax) throw refusedArchive('its manifest is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

async function drained(part: ReadPart): Promise<void> {
  for await (const _ of part.bytes);
}
