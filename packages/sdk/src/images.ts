import { checkText } from './argument.ts';
import type { CallOptions, ImagesBackend, PullProgress } from './backend/backend.ts';
import type { ImageInfo } from './backend/info.ts';

export interface PullImageOptions extends CallOptions {
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
}

/** The images of a runtime. */
export class Images {
  readonly #backend: ImagesBackend;

  constructor(backend: ImagesBackend) {
    this.#backend = backend;
  }

  /** Fetches an image from its registry; `ImageError` when it cannot be found or read. */
  async pull(reference: string, options: PullImageOptions = {}): Promise<ImageInfo> {
    checkText('reference', reference);
    const { onProgress, signal } = options;
    return this.#backend.pull(reference, { signal, ...(onProgress && { onProgress }) });
  }

  /** Every image in the store. */
  async list(call: CallOptions = {}): Promise<ImageInfo[]> {
    const images: ImageInfo[] = [];
    for (let token: string | undefined; ; ) {
      const page = await this.#backend.list(token === undefined ? {} : { pageToken: token }, call);
      images.push(...page.images);
      if (page.nextPageToken === undefined || page.nextPageToken === token) return images;
      token = page.nextPageToken;
    }
  }

  /** An image by its manifest digest; null when there is none. */
  async get(digest: string, call: CallOptions = {}): Promise<ImageInfo | null> {
    checkText('digest', digest);
    return this.#backend.get(digest, call);
  }

  /** Whether the store has an image of that digest. */
  async exists(digest: string, call: CallOptions = {}): Promise<boolean> {
    return (await this.get(digest, call)) !== null;
  }

  /** Removes an image from the store; `UnsupportedError` over REST. */
  async remove(digestOrReference: string, call: CallOptions = {}): Promise<void> {
    checkText('digestOrReference', digestOrReference);
    await this.#backend.remove(digestOrReference, call);
  }

  /** Adds a tar, an OCI layout or a root directory of the host under a reference; `UnsupportedError` over REST. */
  async import(path: string, reference: string, call: CallOptions = {}): Promise<ImageInfo> {
    checkText('path', path);
    checkText('reference', reference);
    return this.#backend.import(path, reference, call);
  }
}
