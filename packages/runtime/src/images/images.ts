import type { ImageInfo, ImagesBackend } from 'boxlite/backend';

/** What a box takes from an image's configuration (OCI image spec, config.md). */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: string;
  readonly stopSignal: string | undefined;
  readonly volumes: readonly string[];
}

/** An image ready to be a box's root file system. */
export interface ReadyImage {
  readonly info: ImageInfo;
  /** Extracted layer directories, absolute, lowest first; shared by all boxes and never written to. */
  readonly layers: readonly string[];
  readonly config: ImageConfig;
}

/** The local image store. */
export interface ImageStore extends ImagesBackend {
  /** The image of a reference, pulled when it is not here. `ImageError` says which reference, what failed and what to do. */
  ready(reference: string, signal?: AbortSignal): Promise<ReadyImage>;
  close(): Promise<void>;
}
