import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ImageError } from 'boxlite/backend';
import { readTar } from '../../tar/reader.ts';
import { TarError } from '../../tar/tar-error.ts';
import { decompress } from './decompress.ts';
import { layerWriter } from './layer-writer.ts';
import { checkGrowth, type LayerLimits } from './limits.ts';
import { lowerView } from './lower-view.ts';

export interface ExtractOptions {
  /** A tar, plain, gzip or zstd. */
  readonly file: string;
  /** Names the layer in messages, such as `layer sha256:…`. */
  readonly what: string;
  /** An empty directory; whiteouts are prepared in its parent, which must be of its own. */
  readonly into: string;
  /** Extracted layers that this one lies on, lowest first. */
  readonly lower: readonly string[];
  readonly limits: LayerLimits;
  /** Added to every owner's id but that of the root; `none` keeps no owners: all is whose who unpacks it. @default 0 */
  readonly idShift?: number | 'none';
  /** Checked where given; `sha256:…` of the file as it is. */
  readonly digest?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Extracted {
  /** `sha256:…` of the uncompressed tar. */
  readonly diffId: string;
  /** Bytes of the uncompressed tar. */
  readonly sizeBytes: number;
}

/** Unpacks a layer; `ImageError` says which and why not. What was written stays for the caller to remove. */
export async function extractLayer(options: ExtractOptions): Promise<Extracted> {
  const { what, limits, signal } = options;
  const packedHash = options.digest === undefined ? undefined : createHash('sha256');
  const plainHash = createHash('sha256');
  let packedBytes = 0;
  let plainBytes = 0;
  async function* packed(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of createReadStream(options.file, { highWaterMark: 512 * 1024 })) {
      signal?.throwIfAborted();
      packedBytes += chunk.length;
      packedHash?.update(chunk);
      yield chunk;
    }
  }
  async function* plain(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of decompress(packed())) {
      plainBytes += chunk.length;
      checkGrowth(what, plainBytes, packedBytes, limits);
      plainHash.update(chunk);
      yield chunk;
    }
  }
  const writer = layerWriter(options.into, lowerView(options.lower), { idShift: options.idShift });
  let entries = 0;
  try {
    for await (const entry of readTar(plain())) {
      if (++entries > limits.maxEntries) {
        throw new ImageError(`${what} has more than ${limits.maxEntries} entries, which is the limit`);
      }
      await writer.add(entry);
    }
    await writer.finish();
  } catch (error) {
    signal?.throwIfAborted();
    throw named(error, what);
  }
  const found = packedHash === undefined ? undefined : `sha256:${packedHash.digest('hex')}`;
  if (found !== options.digest) throw new ImageError(`${what} is damaged: its content is ${found}`);
  return { diffId: `sha256:${plainHash.digest('hex')}`, sizeBytes: plainBytes };
}

function named(error: unknown, what: string): unknown {
  if (error instanceof ImageError) return new ImageError(`${what}: ${error.message}`, { cause: error });
  if (error instanceof TarError)
    return new ImageError(`${what} cannot be unpacked: ${error.message}`, { cause: error });
  if (error instanceof Error && 'code' in error) {
    return new ImageError(`${what} cannot be unpacked: ${error.message}`, { cause: error });
  }
  return error;
}
