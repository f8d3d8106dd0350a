import { type Client, raw, TransportError } from '@boxlite/rest';
import { ImageError } from 'boxlite/backend';
import type { PartialBlobs } from '../partial-blobs.ts';
import type { Possession } from '../possession.ts';
import { formatReference, type Reference } from '../reference.ts';
import type { ImageSource } from '../source.ts';
import { downloadBlob } from './download.ts';
import { getManifest } from './endpoints.ts';
import { registryFailure } from './fetch-failure.ts';

const maxManifestBytes = 4 * 1024 * 1024;

export interface RegistrySourceOptions {
  /** The mirrors in order, and last the registry itself. */
  readonly clients: readonly [...Client[], Client];
  readonly reference: Reference;
  readonly partials: PartialBlobs;
  readonly possession: Possession;
  /** How long a connection may be silent, in milliseconds. @default 60,000 */
  readonly idleTimeoutMs?: number | undefined;
  readonly retryBaseMs?: number | undefined;
}

/** An image of a registry. The first `manifest` rejects with the bare `StatusError`, so that the caller may look elsewhere. */
export function registrySource(options: RegistrySourceOptions): ImageSource {
  const { clients, reference, partials, possession, idleTimeoutMs, retryBaseMs } = options;
  const what = formatReference(reference);
  const { repository, registry } = reference;

  /** Asks one after the other; what the last says is the failure. */
  async function ask<T>(signal: AbortSignal, read: (client: Client) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const client of clients) {
      try {
        return await read(client);
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }
  return {
    what,
    possession,
    manifest: (digest, signal) =>
      ask(signal, async (client) => {
        const response = await raw(getManifest(repository, digest ?? reference.tag)).send(client, { signal });
        try {
          return await readAll(response, signal);
        } catch (error) {
          throw registryFailure(error, what, registry);
        }
      }),
    async blob(blob, file, signal, onBytes) {
      const common = { repository, blob, file, signal, onBytes, idleTimeoutMs, retryBaseMs };
      await partials.take(blob.digest, file);
      try {
        await ask(signal, (client) => downloadBlob({ ...common, client }));
      } catch (error) {
        // What came is worth keeping when only the way was bad.
        if (signal.aborted || error instanceof TransportError) await partials.keep(blob.digest, file);
        if (error instanceof ImageError)
          throw new ImageError(`cannot pull ${what}: ${error.message}`, { cause: error });
        throw registryFailure(error, what, registry);
      }
      return file;
    },
  };
}

async function readAll(response: Response, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxManifestBytes) throw new ImageError(`the manifest is larger than ${maxManifestBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ImageError) throw error;
    throw new TransportError(`the manifest broke off: ${error}`, { cause: error });
  }
  return Buffer.concat(chunks);
}
