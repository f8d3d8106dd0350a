/** What kind of thing a tar entry is; anything else in an archive is refused. */
export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink';

/** One entry's header. */
export interface TarHeader {
  /** As it stands in the archive; directories may end in `/`. */
  readonly name: string;
  readonly type: TarEntryType;
  /** Bytes of content; 0 for everything but files. */
  readonly size: number;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  readonly mtimeMs: number;
  /** Where a symlink or a hard link points. */
  readonly linkName?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Tar counts in blocks of this many bytes. */
export const blockSize = 512;

/** How many zero bytes follow `size` bytes of content. */
export function paddingAfter(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}
