import type { BoxRecord } from '../store/box-records.ts';
import type { ImportedParts } from './import-box.ts';

/** What a new box is a box of. */
export type MadeOf = Pick<BoxRecord, 'image' | 'imageId' | 'rootfs' | 'defaults' | 'options'>;

/** What a box from an archive is made of, on layers that are here. */
export function madeOf({ manifest }: ImportedParts, imageId: string | undefined, layers: readonly string[]): MadeOf {
  const { image, options, defaults } = manifest;
  return { image: image.reference, imageId, rootfs: { layers }, defaults, options };
}
