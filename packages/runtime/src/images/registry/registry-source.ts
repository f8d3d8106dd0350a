import { type Client, raw, TransportError } from '@boxlite/rest';
import { ImageError } from 'boxlite/backend';
import { formatReference, type Reference } from '../reference.ts';
import type { ImageSource } from '../source.ts';
import { downloadBlob } from './download.ts';
import { getManifest } from './endpoints.ts';
import { registryFailure } from './fetch-failure.ts';
import type { RegistryClientOptions } from './registry-client.ts';

const maxManifestBytes = 4 * 1024 * 1024;

/** An image of a registry. The first `manifest` rejects with the bare `StatusError`, so that the caller may look elsewhere. */
export function registrySource(
  client: Client,
  reference: Reference,
  how: RegistryClientOptions & { readonly idleTimeoutMs?: number | undefined },
): ImageSource {
  const what = formatReference(reference);
  const { repository, registry } = reference;
  return {
    what,
    async manifest(digest, signal) {
      const response = await raw(getManifest(repository, digest ?? reference.tag)).send(client, { signal });
      try {
        return await readAll(response, signal);
      } catch (error) {
        throw registryFailure(error, what, registry);
      }
    },
    async blob(blob, scratch, signal, onBytes) {
      try {
        await downloadBlob({
          client,
          repository,
          blob,
          file: scratch,
          signal,
          onBytes,
          idleTimeoutMs: how.idleTimeoutMs,
          retryBaseMs: how.retryBaseMs,
        });
      } catch (error) {
        if (error instanceof ImageError)
          throw new ImageError(`cannot pull ${what}: ${error.message}`, { cause: error });
        throw registryFailure(error, what, registry);
      }
      return scratch;
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
