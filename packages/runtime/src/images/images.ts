import type { ImageConfig, ImageInfo, ImagesBackend } from 'boxlite/backend';

export type { ImageConfig };

/** An image ready to be a box's root file system; it is not deleted before it is disposed of. */
export interface ReadyImage extends Disposable {
  readonly info: ImageInfo;
  /** Extracted layer directories, absolute, lowest first; shared by all boxes and never written to. */
  readonly layers: readonly string[];
  readonly config: ImageConfig;
}

/** The images as one tenant has them: names are its own, what they lead to is kept once. */
export interface TenantImages extends ImagesBackend {
  /** The image of a reference, pulled when it is not here. `ImageError` says which reference, what failed and what to do. */
  ready(reference: string, signal?: AbortSignal): Promise<ReadyImage>;
}

/** The local image store. */
export interface ImageStore {
  of(tenant: string): TenantImages;
  close(): Promise<void>;
}
