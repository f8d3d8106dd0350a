import type { Descriptor } from './manifest.ts';

/** Where the parts of an image come from: a registry, an OCI layout, an archive. Digests are not yet checked. */
export interface ImageSource {
  /** What the image is called in messages. */
  readonly what: string;
  /**
   * Where the blobs were put by whoever asks, the folder that they are in. He may know the digest of a layer that another
   * tenant has: he gets it only when he has it himself. @default whoever has the blobs decides who gets them
   */
  readonly broughtIn?: string;
  /** The index or manifest of a digest, or the one that was asked for. */
  manifest(digest: string | undefined, signal: AbortSignal): Promise<Uint8Array>;
  /** A file with a blob. `scratch` is a path that does not exist, for those that need to make one. */
  blob(descriptor: Descriptor, scratch: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<string>;
}
