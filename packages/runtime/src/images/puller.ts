import type { Client } from '@boxlite/rest';
import { ImageError, type ImageRegistryOptions, NotFoundError } from 'boxlite/backend';
import type { Holding } from '../holding.ts';
import { installImage, type LayerProgress } from './install.ts';
import type { LayerStore } from './layer-store.ts';
import type { PartialBlobs } from './partial-blobs.ts';
import type { Platform } from './platform.ts';
import type { Possession } from './possession.ts';
import type { ImageRecord } from './records.ts';
import { canonicalRegistry, formatReference, isOwn, type Reference } from './reference.ts';
import { isNotFound, registryFailure } from './registry/fetch-failure.ts';
import { type RegistryClientOptions, registryClient } from './registry/registry-client.ts';
import { registrySource } from './registry/registry-source.ts';
import type { WorkDirectory } from './work-directory.ts';

export interface PullerOptions extends RegistryClientOptions {
  readonly registries: readonly ImageRegistryOptions[];
  readonly layers: LayerStore;
  readonly work: WorkDirectory;
  /** Holds the layers until the image is recorded; the caller disposes of it. */
  readonly holding: Holding;
  readonly partials: PartialBlobs;
  readonly possession: Possession;
  readonly platform: Platform;
  /** How long a connection may be silent, in milliseconds. @default 60,000 */
  readonly idleTimeoutMs?: number | undefined;
}

/** An image that was pulled, and the one of the candidates that it is. */
export interface Pulled {
  readonly reference: Reference;
  readonly image: ImageRecord;
}

/** Pulls the first of the candidates that a registry has, but none of BoxLite's own from Docker Hub; any answer but "not found" ends the search. */
export async function pullImage(
  candidates: readonly Reference[],
  options: PullerOptions,
  signal: AbortSignal,
  onProgress: LayerProgress,
): Promise<Pulled> {
  let missing: unknown = new NotFoundError('no registry to ask');
  for (const reference of candidates) {
    if (isOwn(reference)) {
      missing = new ImageError(
        `image ${reference.repository} is not here, and is pulled from no registry: build it by images/README.md and run boxlite images import DIR ${reference.repository}, or name a registry of yours that has it`,
      );
      continue;
    }
    const { layers, work, holding, platform, partials, possession, idleTimeoutMs, retryBaseMs } = options;
    const source = registrySource({
      clients: clientsOf(reference, options),
      reference,
      partials,
      possession,
      idleTimeoutMs,
      retryBaseMs,
    });
    const { digest } = reference;
    try {
      const image = await installImage({ source, digest, platform, layers, work, holding, signal, onProgress });
      return { reference, image };
    } catch (error) {
      signal.throwIfAborted();
      const failure = registryFailure(error, formatReference(reference), reference.registry);
      if (!isNotFound(error)) throw failure;
      missing = failure;
    }
  }
  throw missing;
}

/** Clients of the registry's mirrors, and of the registry. */
function clientsOf({ registry, repository }: Reference, options: PullerOptions): [...Client[], Client] {
  const entry = (host: string): ImageRegistryOptions | undefined =>
    options.registries.find((each) => canonicalRegistry(each.host) === host);
  const client = (host: string): Client => registryClient(host, repository, entry(host), options);
  const mirrors = entry(registry)?.mirrors ?? [];
  return [...mirrors.map((host) => client(canonicalRegistry(host))), client(registry)];
}
