import { realpath, stat } from 'node:fs/promises';
import { type BoxOptions, InvalidArgumentError, type VolumeOptions } from 'boxlite/backend';

/** Box options whose host paths hold no symbolic link: what is one by the time of a start is refused. */
export async function withRealPaths(options: BoxOptions): Promise<BoxOptions> {
  if (!options.volumes) return options;
  const real = async (volume: VolumeOptions, i: number): Promise<VolumeOptions> => {
    if ('volume' in volume) return volume;
    const { hostPath } = volume;
    const found = await realpath(hostPath).catch(() => undefined);
    if (found !== undefined && (await stat(found)).isDirectory()) return { ...volume, hostPath: found };
    throw new InvalidArgumentError(`volumes[${i}].hostPath: no directory ${hostPath} on this host`);
  };
  return { ...options, volumes: await Promise.all(options.volumes.map(real)) };
}
