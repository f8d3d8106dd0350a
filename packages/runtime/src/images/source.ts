import type { Descriptor } from './manifest.ts';
import type { Possession } from './possession.ts';

/** Where the parts of an image come from: a registry, an OCI layout, an archive. Digests are not yet checked. */
export interface ImageSource {
  /** What the image is called in messages. */
  readonly what: string;
  /** What whoever asks has shown to have: of another's layers the digest is not enough. */
  readonly possession: Possession;
  /** The index or manifest of a digest, or the one that was asked for. */
  manifest(digest: string | undefined, signal: AbortSignal): Promise<Uint8Array>;
  /** A file with a blob. `scratch` is a path that does not exist, for those that need to make one. */
  blob(descriptor: Descriptor, scratch: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string>;
}
