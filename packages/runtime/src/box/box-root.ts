import { realpath, stat } from 'node:fs/promises';
import { type BoxOptions, InvalidArgumentError } from 'boxlite/backend';
import type { Holding } from '../holding.ts';
import type { TenantImages } from '../images/images.ts';
import type { BoxDefaults, BoxRecord } from '../store/box-records.ts';

const defaultImage = 'alpine:latest';
const bare: BoxDefaults = { env: {}, workingDir: '', user: '', entrypoint: [], cmd: [] };

/** What a new box stands on: the layers of its image, pulled when they are not here and held by `holding`, or a directory of the host. */
export async function boxRoot(
  options: BoxOptions,
  images: TenantImages,
  holding: Holding,
  signal?: AbortSignal,
): Promise<Pick<BoxRecord, 'image' | 'imageId' | 'rootfs' | 'defaults'>> {
  const { rootfsPath } = options;
  if (rootfsPath !== undefined) {
    const found = await stat(rootfsPath).catch(() => undefined);
    if (!found?.isDirectory()) throw new InvalidArgumentError(`rootfsPath is not a directory: ${rootfsPath}`);
    return { image: rootfsPath, imageId: undefined, rootfs: { path: await realpath(rootfsPath) }, defaults: bare };
  }
  const image = holding.use(await images.ready(options.image ?? defaultImage, signal));
  const { env, workingDir, user, entrypoint, cmd, stopSignal, volumes } = image.config;
  return {
    image: options.image ?? defaultImage,
    imageId: image.info.id,
    rootfs: { layers: image.layers },
    defaults: { env, workingDir, user, entrypoint, cmd, stopSignal, ...(volumes.length > 0 && { volumes }) },
  };
}
