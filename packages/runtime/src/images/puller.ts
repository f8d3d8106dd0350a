import { type ImageRegistryOptions, NotFoundError } from 'boxlite/backend';
import { installImage, type LayerProgress } from './install.ts';
import type { LayerStore } from './layer-store.ts';
import type { ImageRecord } from './records.ts';
import { canonicalRegistry, formatReference, type Reference } from './reference.ts';
import { isNotFound, registryFailure } from './registry/fetch-failure.ts';
import { type RegistryClientOptions, registryClient } from './registry/registry-client.ts';
import { registrySource } from './registry/registry-source.ts';
import type { WorkDirectory } from './work-directory.ts';

export interface PullerOptions extends RegistryClientOptions {
  readonly registries: readonly ImageRegistryOptions[];
  readonly layers: LayerStore;
  readonly work: WorkDirectory;
  /** Holds the layers until the image is recorded; the caller disposes of it. */
  readonly holding: DisposableStack;
  /** How long a connection may be silent, in milliseconds. @default 60,000 */
  readonly idleTimeoutMs?: number | undefined;
}

/** An image that was pulled, and the one of the candidates that it is. */
export interface Pulled {
  readonly reference: Reference;
  readonly image: ImageRecord;
}

/** Pulls the first of the candidates that a registry has; any answer but "not found" ends the search. */
export async function pullImage(
  candidates: readonly Reference[],
  options: PullerOptions,
  signal: AbortSignal,
  onProgress: LayerProgress,
): Promise<Pulled> {
  let missing: unknown = new NotFoundError('no registry to ask');
  for (const reference of candidates) {
    const registry = options.registries.find(({ host }) => canonicalRegistry(host) === reference.registry);
    const client = registryClient(reference.registry, reference.repository, registry, options);
    const source = registrySource(client, reference, options);
    const { layers, work, holding } = options;
    try {
      const image = await installImage({ source, digest: reference.digest, layers, work, holding, signal, onProgress });
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
