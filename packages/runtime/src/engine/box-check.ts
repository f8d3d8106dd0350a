import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, posix } from 'node:path';
import { EngineError, InvalidArgumentError } from 'boxlite/backend';
import type { EngineBox } from './engine.ts';

const reserved = ['/proc', '/sys', '/dev', '/.boxlite'];

async function needDirectory(path: string, field: string): Promise<void> {
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isDirectory() !== true) throw new InvalidArgumentError(`${field}: no directory ${path} on this host`);
}

function needAbsolute(path: string, field: string): void {
  if (!isAbsolute(path) || path.includes('\0'))
    throw new InvalidArgumentError(`${field}: ${path} is not an absolute path`);
}

function needGuestPath(path: string, field: string): void {
  needAbsolute(path, field);
  const target = posix.normalize(path).replace(/\/+$/, '');
  if (target === '' || reserved.some((own) => target === own || target.startsWith(`${own}/`)))
    throw new InvalidArgumentError(`${field}: ${path} is the box's own; choose another path`);
}

/** Refuses an id that is unfit for a container's name and a path. `InvalidArgumentError`. */
export function checkBoxId(id: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(id))
    throw new InvalidArgumentError(`unfit box id ${JSON.stringify(id)}`);
}

/** Checks at the engine's boundary what a wrong box could do harm with. `InvalidArgumentError` names the field; a missing layer is an `EngineError`. */
export async function checkBox(box: EngineBox): Promise<void> {
  checkBoxId(box.id);
  needAbsolute(box.folder, 'folder');
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62})$/.test(box.hostname))
    throw new InvalidArgumentError(`hostname: ${box.hostname}`);
  if (!(box.cpus > 0) || !Number.isFinite(box.cpus)) throw new InvalidArgumentError(`cpus: ${box.cpus} is not above 0`);
  if (!Number.isInteger(box.memoryMib) || box.memoryMib < 8)
    throw new InvalidArgumentError(`memoryMib: ${box.memoryMib} is not a whole number of at least 8`);
  if (box.diskSizeGb !== undefined && !(box.diskSizeGb >= 1 && box.diskSizeGb <= 16_384))
    throw new InvalidArgumentError(`diskSizeGb: ${box.diskSizeGb} is not between 1 and 16384`);
  if ('path' in box.rootfs) {
    needAbsolute(box.rootfs.path, 'rootfsPath');
    await needDirectory(box.rootfs.path, 'rootfsPath');
  } else if (box.rootfs.layers.length === 0) {
    throw new EngineError(`box ${box.id} has no image layers; pull its image again`);
  }
  for (const { hostPath, guestPath } of box.volumes) {
    needAbsolute(hostPath, 'volumes.hostPath');
    needGuestPath(guestPath, 'volumes.guestPath');
    await needDirectory(hostPath, 'volumes.hostPath');
    // Another box may have put a symbolic link in its way since.
    if ((await realpath(hostPath)) !== hostPath)
      throw new InvalidArgumentError(`volumes.hostPath: ${hostPath} leads elsewhere by now; make the box anew`);
  }
  for (const { guestPath, sizeMib } of box.tmpfs) {
    needGuestPath(guestPath, 'tmpfs.guestPath');
    if (!Number.isInteger(sizeMib) || sizeMib < 1) throw new InvalidArgumentError(`tmpfs.sizeMib: ${sizeMib}`);
  }
}
