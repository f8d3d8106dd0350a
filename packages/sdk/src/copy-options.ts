import { checkFlag } from './argument.ts';
import type { CallOptions } from './backend/backend.ts';

/** How far a copy is. */
export interface CopyProgress {
  /** The entry being copied. */
  readonly path: string;
  /** Content bytes copied so far, of all entries together. */
  readonly completedBytes: number;
}

/** Options of `copyIn` and `copyOut`. */
export interface CopyOptions extends CallOptions {
  /** When false, a file that exists is an `AlreadyExistsError`. @default true */
  readonly overwrite?: boolean | undefined;
  /** Copies what symbolic links point to instead of the links. @default false */
  readonly followSymlinks?: boolean | undefined;
  /** Keeps a directory's own name at the target. @default true out of a box, false into one */
  readonly includeParent?: boolean | undefined;
  /** When false, a directory is an `InvalidArgumentError`. @default true */
  readonly recursive?: boolean | undefined;
  /** Called as the copy goes on. @default nobody */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/** Refuses options that are not flags. */
export function checkCopyOptions(options: CopyOptions): void {
  checkFlag('overwrite', options.overwrite);
  checkFlag('followSymlinks', options.followSymlinks);
  checkFlag('includeParent', options.includeParent);
  checkFlag('recursive', options.recursive);
}
