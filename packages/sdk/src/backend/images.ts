import type { CallOptions, MakeOptions } from './backend.ts';

/** An image in the store. */
export interface ImageInfo {
  /** The full reference, such as `docker.io/library/alpine:latest`. */
  readonly reference: string;
  /** Such as `docker.io/library/alpine`. */
  readonly repository: string;
  /** Such as `latest`. */
  readonly tag: string;
  /** The manifest's digest, `sha256:…`. */
  readonly id: string;
  /** When it came into the store. */
  readonly cachedAt: Date;
  /** Bytes of its layers as they are transferred; undefined where nobody tells. */
  readonly sizeBytes: number | undefined;
}

/** What an image says of how it is to be run (OCI image spec, config.md, `config`). */
export interface ImageConfig {
  /** What the main command begins with. */
  readonly entrypoint: readonly string[];
  /** What follows the entrypoint. */
  readonly cmd: readonly string[];
  /** What every command has in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** @default '/' */
  readonly workingDir: string;
  /** `user`, `uid`, either with `:group` or `:gid`; empty is root. */
  readonly user: string;
  /** Such as `SIGINT`; undefined where the image does not say. */
  readonly stopSignal: string | undefined;
  /** Such as `80/tcp`. */
  readonly exposedPorts: readonly string[];
  /** Paths that are meant to be volumes. */
  readonly volumes: readonly string[];
  /** As its maker gave them. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One layer of an image. */
export interface ImageLayer {
  /** Of the layer as it is transferred; undefined where it never was, as in an imported root file system. */
  readonly digest: string | undefined;
  /** Of the layer as a tar. */
  readonly diffId: string;
  /** Bytes as it is transferred. */
  readonly sizeBytes: number | undefined;
  /** Bytes as a tar. */
  readonly unpackedBytes: number;
}

/** An image with what is in it; what a server does not tell is undefined. */
export interface ImageDetails extends ImageInfo {
  /** `os/architecture[/variant]`. */
  readonly platform: string | undefined;
  /** How it is to be run. */
  readonly config: ImageConfig | undefined;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[] | undefined;
}

/** What {@link ImagesBackend.prune} did. */
export interface PruneResult {
  /** Names that were removed. */
  readonly removed: readonly string[];
  /** Bytes of layers and parts of layers that were deleted, as they are before file systems round up. */
  readonly freedBytes: number;
}

/** A page of images. */
export interface ImagePage {
  /** In the order of the store. */
  readonly images: readonly ImageInfo[];
  /** Where the next page begins; undefined on the last one. */
  readonly nextPageToken: string | undefined;
}

/** How far a pull is. */
export interface PullProgress {
  /** The image that is pulled, as it was asked for. */
  readonly reference: string;
  /** Bytes of its layers that are here, compressed as they are transferred. */
  readonly completedBytes: number;
  /** Bytes of all its layers together; undefined where that is not known. */
  readonly totalBytes: number | undefined;
}

/** Which page of images to list. */
export interface ListImagesOptions {
  /** Most images of a page, 1 to 1000 items. @default 100 */
  readonly pageSize?: number;
  /** What the page before gave as `nextPageToken`. @default the first page */
  readonly pageToken?: string;
}

/** Which images a prune spares. */
export interface PruneImagesOptions {
  /** Spares images that were pulled or used for a box within that many milliseconds. @default 0, which spares none */
  readonly olderThanMs?: number;
  /** References of images to spare. @default none */
  readonly keep?: readonly string[];
}

/** Goes with a prune. */
export interface PruneCallOptions extends CallOptions {
  /**
   * Told the names just before they are removed, for who must find out after a crash what was. A throw ends the call.
   * @default nobody is told
   */
  readonly onRemove?: ((references: readonly string[]) => void) | undefined;
}

/** The images of a runtime. */
export interface ImagesBackend {
  /** Fetches an image from its registry; `ImageError` when it cannot be found or read. */
  pull(
    reference: string,
    options?: {
      /** Called as the layers come. @default nobody */
      readonly onProgress?: (progress: PullProgress) => void;
      /** `os/architecture[/variant]`. @default that of the host */
      readonly platform?: string;
    } & CallOptions,
  ): Promise<ImageInfo>;
  /** A page of images. */
  list(options?: ListImagesOptions, call?: CallOptions): Promise<ImagePage>;
  /** By manifest digest or by reference; null when there is none. */
  get(digestOrReference: string, call?: CallOptions): Promise<ImageDetails | null>;
  /** A reference, or a digest with all its references. `InvalidStateError` while a box has it. */
  remove(digestOrReference: string, call?: MakeOptions): Promise<void>;
  /** Removes every image that no box has, and what earlier pulls left behind. What boxes need stays, whatever is asked. */
  prune(options?: PruneImagesOptions, call?: PruneCallOptions): Promise<PruneResult>;
  /** A tar, an OCI layout or a root directory of the host, or a tar as a stream, under a reference. */
  import(source: string | ReadableStream<Uint8Array>, reference: string, call?: CallOptions): Promise<ImageInfo>;
}
