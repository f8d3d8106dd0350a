import { realpath } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { type BoxOptions, InvalidArgumentError, PermissionError } from 'boxlite/backend';

/**
 * Box options whose host paths are real and inside one of the allowed roots; 403 naming the option otherwise.
 * A path that is missing and one that is outside look the same, so that nobody can explore the host.
 */
export async function checkHostPaths(options: BoxOptions, roots: readonly string[]): Promise<BoxOptions> {
  const { rootfsPath, volumes, ...rest } = options;
  const rootfs = rootfsPath === undefined ? {} : { rootfsPath: await allowed('rootfs_path', rootfsPath, roots) };
  if (volumes === undefined || volumes.length === 0) return { ...rest, ...rootfs };
  const checked = await Promise.all(
    volumes.map(async (volume, index) =>
      'volume' in volume
        ? volume
        : { ...volume, hostPath: await allowed(`volumes.${index}.host_path`, volume.hostPath, roots) },
    ),
  );
  return { ...rest, ...rootfs, volumes: checked };
}

async function allowed(field: string, path: string, roots: readonly string[]): Promise<string> {
  if (!isAbsolute(path)) throw new InvalidArgumentError(`${field} must be an absolute path`);
  const real = await realOrUndefined(path);
  for (const root of roots) {
    const realRoot = await realOrUndefined(root);
    if (real === undefined || realRoot === undefined) continue;
    if (real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)) return real;
  }
  const next = roots.length === 0 ? 'this server shares no host path' : 'it is not under a host path that is shared';
  throw new PermissionError(`${field} is refused: ${next}; upload the files instead`);
}

async function realOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined;
  }
}
