import { checkGuestPath, checkText } from './argument.ts';
import type { BoxBackend } from './backend/backend.ts';
import { type CopyOptions, checkCopyOptions } from './copy-options.ts';
import { loaded } from './loaded.ts';

/** Copies a file or directory of the host, or a tar stream, into a box. */
export async function copyIn(
  box: BoxBackend,
  source: string | ReadableStream<Uint8Array>,
  guestPath: string,
  options: CopyOptions,
): Promise<void> {
  checkGuestPath('guestPath', guestPath);
  checkCopyOptions(options);
  const { overwrite = true, signal } = options;
  if (typeof source === 'string') checkText('source', source);
  const tar = typeof source === 'string' ? await pack(source, options) : source;
  await box.upload(tar, { path: guestPath, overwrite }, { signal });
}

/** Copies a path of a box to the host, or as a tar into a stream. */
export async function copyOut(
  box: BoxBackend,
  guestPath: string,
  target: string | WritableStream<Uint8Array>,
  options: CopyOptions,
): Promise<void> {
  checkGuestPath('guestPath', guestPath);
  checkCopyOptions(options);
  if (typeof target === 'string') checkText('target', target);
  const { followSymlinks = false, signal } = options;
  const download = (): Promise<ReadableStream<Uint8Array>> =>
    box.download({ path: guestPath, followSymlinks }, { signal });
  if (typeof target !== 'string') return (await download()).pipeTo(target, signal === undefined ? {} : { signal });
  // Before there is a stream, which nobody would end if this failed.
  const { unpackHost } = await loaded(() => import('./host/unpack-host.ts'));
  await unpackHost(await download(), target, options);
}

async function pack(hostPath: string, options: CopyOptions): Promise<ReadableStream<Uint8Array>> {
  const { packHost } = await loaded(() => import('./host/pack-host.ts'));
  return packHost(hostPath, options);
}
