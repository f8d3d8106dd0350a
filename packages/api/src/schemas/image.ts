import * as z from 'zod';
import { maybe, text } from './field.ts';

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

/** Reads an image. */
export const imageInfo: z.ZodType<ImageInfo> = z.object({
  reference: z.string().min(1),
  repository: z.string(),
  tag: z.string(),
  id: z.string().min(1),
  cached_at: z.string(),
  size_bytes: maybe(z.int().nonnegative()),
});

/** Which image to pull. */
export interface PullImageRequest {
  readonly reference: string;
}

/** Checks a request to pull an image. */
export const pullImageRequest: z.ZodType<PullImageRequest> = z.object({ reference: text('reference') });

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
