import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link makeDirectory}. */
export interface MakeDirectoryOptions {
  /** Id or name. */
  readonly box: string;
  /** Absolute, or relative to `/`. */
  readonly path: string;
  /** Makes those above it too; one that is there is fine. @default false */
  readonly parents?: boolean | undefined;
  /** Permission bits. @default 0o755 */
  readonly mode?: number | undefined;
}

/** Makes a directory in a box. Answers 204. */
export function makeDirectory({ box, path: target, parents, mode }: MakeDirectoryOptions): Endpoint {
  return {
    method: 'PUT',
    path: path`/boxes/${box}/files/directory`,
    params: { path: target, parents, mode: mode?.toString(8) },
  };
}
