import { type Endpoint, path, stream } from '@boxlite/rest';

/** Parameters of {@link writeFile}. */
export interface WriteFileOptions {
  /** Id or name. */
  readonly box: string;
  /** Absolute, or relative to `/`. */
  readonly path: string;
  /** Permission bits. @default those of the file that is replaced, or 0o644 */
  readonly mode?: number | undefined;
  /** @default true */
  readonly overwrite?: boolean | undefined;
  /** A stream is sent once and never again. */
  readonly content: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;
}

/** Writes a file of a box at once or not at all, and starts the box if need be. Answers 204. */
export function writeFile({ box, path: target, mode, overwrite, content }: WriteFileOptions): Endpoint {
  return {
    method: 'PUT',
    path: path`/boxes/${box}/files/content`,
    params: { path: target, mode: mode?.toString(8), overwrite },
    body: stream('application/octet-stream', () => content, { replayable: !(content instanceof ReadableStream) }),
  };
}
