import type { ImageConfig, ImageInfo, ImagesBackend } from 'boxlite/backend';

export type { ImageConfig };

/** An image ready to be a box's root file system; it is not deleted before it is disposed of. */
export interface ReadyImage extends Disposable {
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
