import { checkText } from './argument.ts';
import type { CallOptions } from './backend/backend.ts';
import type {
  ImageDetails,
  ImageInfo,
  ImagesBackend,
  PruneImagesOptions,
  PruneResult,
  PullProgress,
} from './backend/images.ts';
import { type Page, pages } from './pages.ts';

/** Options of `images.pull`. */
export interface PullImageOptions extends CallOptions {
  /** Called as the layers come. @default nobody */
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
  /** `os/architecture[/variant]`, such as `linux/arm64`. @default that of the machine where the boxes run */
  readonly platform?: string | undefined;
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
    const { onProgress, signal, platform } = options;
    if (platform !== undefined) checkText('platform', platform);
    return this.#backend.pull(reference, {
      signal,
      ...(onProgress && { onProgress }),
      ...(platform !== undefined && { platform }),
    });
  }

  /** Every image in the store. */
  async list(call: CallOptions = {}): Promise<ImageInfo[]> {
    const images: ImageInfo[] = [];
    const ask = async (token: string | undefined): Promise<Page<ImageInfo>> => {
      const page = await this.#backend.list(token === undefined ? {} : { pageToken: token }, call);
      return { items: page.images, next: page.nextPageToken };
    };
    for await (const page of pages(ask)) for (const image of page) images.push(image);
    return images;
  }

  /** An image by reference or by manifest digest, with its configuration and layers; null when the store has none. */
  async get(digestOrReference: string, call: CallOptions = {}): Promise<ImageDetails | null> {
    checkText('digestOrReference', digestOrReference);
    return this.#backend.get(digestOrReference, call);
  }

  /** Whether the store has an image of that reference or manifest digest; asks no registry. */
  async exists(digestOrReference: string, call: CallOptions = {}): Promise<boolean> {
    return (await this.get(digestOrReference, call)) !== null;
  }

  /** Removes a reference, or a digest with all of its references; `InvalidStateError` while a box has it. */
  async remove(digestOrReference: string, call: CallOptions = {}): Promise<void> {
    checkText('digestOrReference', digestOrReference);
    await this.#backend.remove(digestOrReference, call);
  }

  /**
   * Removes every image that no box has, and what earlier pulls left behind; over REST this is for the server's operator.
   * `olderThanMs` spares what was pulled or used within that time, `keep` spares references.
   */
  async prune(options: PruneImagesOptions & CallOptions = {}): Promise<PruneResult> {
    const { signal, ...how } = options;
    return this.#backend.prune(how, { signal });
  }

  /**
   * Adds an image under a reference: an OCI layout or a root directory of the host, or a tar of one or of `docker save`,
   * plain, gzip or zstd, as a file or a stream. `ImageError` says what was found instead.
   */
  async import(
    source: string | ReadableStream<Uint8Array>,
    reference: string,
    call: CallOptions = {},
  ): Promise<ImageInfo> {
    if (!(source instanceof ReadableStream)) checkText('source', source);
    checkText('reference', reference);
    return this.#backend.import(source, reference, call);
  }
}
