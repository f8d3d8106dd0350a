import * as z from 'zod';
import { maybe, seconds, text, texts } from './field.ts';

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
  reference: z.string().min(1),
  repository: z.string(),
  tag: z.string(),
  id: z.string().min(1),
  cached_at: z.string(),
  size_bytes: maybe(z.int().nonnegative()),
};

/** Reads an image. */
export const imageInfo: z.ZodType<ImageInfo> = z.object(infoFields);

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

const strings = z.array(z.string());
const byName = z.record(z.string(), z.string());

/** Reads what an image says of how it is to be run. */
export const imageConfig: z.ZodType<ImageConfig> = z.object({
  entrypoint: strings,
  cmd: strings,
  env: byName,
  working_dir: z.string(),
  user: z.string(),
  stop_signal: maybe(z.string()),
  exposed_ports: strings,
  volumes: strings,
  labels: byName,
});

/** Reads one layer of an image. */
export const imageLayer: z.ZodType<ImageLayer> = z.object({
  digest: maybe(z.string()),
  diff_id: z.string(),
  size_bytes: maybe(z.int().nonnegative()),
  unpacked_bytes: z.int().nonnegative(),
});

/** Reads an image with what is in it. */
export const imageDetails: z.ZodType<ImageDetails> = z.object({
  ...infoFields,
  platform: maybe(z.string()),
  config: maybe(imageConfig),
  layers: maybe(z.array(imageLayer)),
});

/** Which image to pull. */
export interface PullImageRequest {
  readonly reference: string;
  /** `os/architecture[/variant]`. @default that of the server's boxes */
  readonly platform?: string | undefined;
}

/** Checks a request to pull an image. */
export const pullImageRequest: z.ZodType<PullImageRequest> = z.object({
  reference: text('reference'),
  platform: text('platform').optional(),
});

/** Which images to spare. */
export interface PruneImagesRequest {
  /** Spares what was pulled or used for a box within that time. @default 0 */
  readonly older_than_seconds?: number | undefined;
  /** References to spare. */
  readonly keep?: readonly string[] | undefined;
}

/** Checks a request to remove images that no box has. */
export const pruneImagesRequest: z.ZodType<PruneImagesRequest> = z.object({
  older_than_seconds: seconds('older_than_seconds', 0).optional(),
  keep: texts('keep').optional(),
});

/** What was removed. */
export interface PruneImagesResponse {
  readonly removed: readonly string[];
  readonly freed_bytes: number;
}

/** Reads what was removed. */
export const pruneImagesResponse: z.ZodType<PruneImagesResponse> = z.object({
  removed: strings,
  freed_bytes: z.int().nonnegative(),
});

/** One page of images. */
export interface ListImagesResponse {
  readonly images: readonly ImageInfo[];
  /** Absent or null on the last page. */
  readonly next_page_token?: string | null | undefined;
}

/** Reads a page of images. */
export const listImagesResponse: z.ZodType<ListImagesResponse> = z.object({
  images: z.array(imageInfo),
  next_page_token: maybe(z.string()),
});
