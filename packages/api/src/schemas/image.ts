import { count, filled, string, strings, stringsByName } from './answer.ts';
import { seconds, text, texts } from './field.ts';
import { list, maybe, object, optional, type Schema } from './schema.ts';

/** An image in the server's store. */
export interface ImageInfo {
  /** The full reference, such as `docker.io/library/alpine:latest`. */
  readonly reference: string;
  readonly repository: string;
  readonly tag: string;
  /** The manifest's digest, `sha256:…`. */
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly cached_at: string;
  readonly size_bytes?: number | null | undefined;
}

const infoFields = {
  reference: filled,
  repository: string,
  tag: string,
  id: filled,
  cached_at: string,
  size_bytes: maybe(count),
};

/** Reads an image. */
export const imageInfo: Schema<ImageInfo> = object(infoFields);

/** What an image says of how it is to be run. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly working_dir: string;
  readonly user: string;
  readonly stop_signal?: string | null | undefined;
  readonly exposed_ports: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** One layer of an image. */
export interface ImageLayer {
  readonly digest?: string | null | undefined;
  readonly diff_id: string;
  readonly size_bytes?: number | null | undefined;
  readonly unpacked_bytes: number;
}

/** An image with what is in it; a server of generation 1 tells only the `ImageInfo`. */
export interface ImageDetails extends ImageInfo {
  /** `os/architecture[/variant]`. */
  readonly platform?: string | null | undefined;
  readonly config?: ImageConfig | null | undefined;
  /** Lowest first. */
  readonly layers?: readonly ImageLayer[] | null | undefined;
}

/** Reads what an image says of how it is to be run. */
export const imageConfig: Schema<ImageConfig> = object({
  entrypoint: strings,
  cmd: strings,
  env: stringsByName,
  working_dir: string,
  user: string,
  stop_signal: maybe(string),
  exposed_ports: strings,
  volumes: strings,
  labels: stringsByName,
});

/** Reads one layer of an image. */
export const imageLayer: Schema<ImageLayer> = object({
  digest: maybe(string),
  diff_id: string,
  size_bytes: maybe(count),
  unpacked_bytes: count,
});

/** Reads an image with what is in it. */
export const imageDetails: Schema<ImageDetails> = object({
  ...infoFields,
  platform: maybe(string),
  config: maybe(imageConfig),
  layers: maybe(list(imageLayer)),
});

/** Which image to pull. */
export interface PullImageRequest {
  readonly reference: string;
  /** `os/architecture[/variant]`. @default that of the server's boxes */
  readonly platform?: string | undefined;
}

/** Checks a request to pull an image. */
export const pullImageRequest: Schema<PullImageRequest> = object({
  reference: text('reference'),
  platform: optional(text('platform')),
});

/** Which images to spare. */
export interface PruneImagesRequest {
  /** Spares what was pulled or used for a box within that time. @default 0 */
  readonly older_than_seconds?: number | undefined;
  /** References to spare. */
  readonly keep?: readonly string[] | undefined;
}

/** Checks a request to remove images that no box has. */
export const pruneImagesRequest: Schema<PruneImagesRequest> = object({
  older_than_seconds: optional(seconds('older_than_seconds', 0)),
  keep: optional(texts('keep')),
});

/** What was removed. */
export interface PruneImagesResponse {
  readonly removed: readonly string[];
  readonly freed_bytes: number;
}

/** Reads what was removed. */
export const pruneImagesResponse: Schema<PruneImagesResponse> = object({
  removed: strings,
  freed_bytes: count,
});

/** One page of images. */
export interface ListImagesResponse {
  readonly images: readonly ImageInfo[];
  /** Absent or null on the last page. */
  readonly next_page_token?: string | null | undefined;
}

/** Reads a page of images. */
export const listImagesResponse: Schema<ListImagesResponse> = object({
  images: list(imageInfo),
  next_page_token: maybe(string),
});
