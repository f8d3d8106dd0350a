import type { ImageDetails, ImageInfo } from 'boxlite/backend';
import { formatPlatform } from './platform.ts';
import type { NamedImage } from './records.ts';

/** What a list tells of an image. */
export function imageInfo({ reference, cachedAtMs, image }: NamedImage): ImageInfo {
  const at = reference.indexOf('@');
  const name = at === -1 ? reference : reference.slice(0, at);
  const colon = name.indexOf(':', name.lastIndexOf('/'));
  return {
    reference,
    repository: colon === -1 ? name : name.slice(0, colon),
    tag: colon === -1 ? '' : name.slice(colon + 1),
    id: image.digest,
    cachedAt: new Date(cachedAtMs),
    sizeBytes: image.sizeBytes,
  };
}

/** All that is known of an image; `bytes` tells those of a chain's top layer. */
export function imageDetails(named: NamedImage, bytes: (chainId: string) => number): ImageDetails {
  const { platform, config, layers, chains } = named.image;
  return {
    ...imageInfo(named),
    platform: formatPlatform(platform),
    config,
    layers: layers.map((layer, at) => ({ ...layer, unpackedBytes: bytes(chains[at] ?? '') })),
  };
}
