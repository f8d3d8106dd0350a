import type { CallOptions } from './backend.ts';

/** What kind of thing a path leads to. */
export type FileType = 'file' | 'directory' | 'symlink' | 'pipe' | 'socket' | 'character_device' | 'block_device';

/** A file or directory of a box, as it was when asked. */
export interface FileInfo {
  /** The last component of its path; what is not UTF-8 in it is U+FFFD. `/` for the root. */
  readonly name: string;
  /** The name as it is; only where it is not UTF-8. */
  readonly nameBytes: Uint8Array | undefined;
  /** What kind of thing it is. */
  readonly type: FileType;
  /** In bytes; of content for a file, else what the file system says. */
  readonly size: number;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** The number of its user, as the box counts. */
  readonly uid: number;
  /** The number of its group, as the box counts. */
  readonly gid: number;
  /** When its content changed last; the nearest in the years 1000 to 9999. */
  readonly modifiedAt: Date;
  /** Where a symbolic link leads, as it stands there; undefined for everything else. */
  readonly target: string | undefined;
}

/** A file's content, or a part of it. */
export interface FileContent {
  /** Of the whole file, in bytes. */
  readonly size: number;
  /** When its content changed last. */
  readonly modifiedAt: Date;
  /** Exactly the bytes asked for that are there; `InvalidStateError` where the file became shorter meanwhile. */
  readonly stream: ReadableStream<Uint8Array>;
}

/** Which part of a file. */
export interface ReadFileRange {
  /** The first byte. @default 0 */
  readonly offset?: number;
  /** Most bytes. @default all that follow */
  readonly length?: number;
}

/** How a file is written. */
export interface WriteFileHow {
  /** Permission bits. @default those of the file that is replaced, or 0o644 */
  readonly mode?: number;
  /** When false, a file that exists is an `AlreadyExistsError`. @default true */
  readonly overwrite?: boolean;
}

/** Which of the two a link is told of. */
export interface StatFileHow {
  /** Tells of what a symbolic link leads to. @default false */
  readonly followSymlinks?: boolean;
}

/** How a path is removed. */
export interface RemoveFileHow {
  /** Removes a directory with all that is in it. @default false */
  readonly recursive?: boolean;
}

/** How a directory is made. */
export interface MakeDirectoryHow {
  /** Makes those above it too; one that is there is fine. @default false */
  readonly parents?: boolean;
  /** Permission bits. @default 0o755 */
  readonly mode?: number;
}

/** The files of one box, one at a time. Every call starts the box if need be; a path is absolute, or relative to `/`. */
export interface FilesBackend {
  /** `NotFoundError` where there is none, `InvalidArgumentError` for what is no file, before the first byte. */
  read(path: string, range?: ReadFileRange, call?: CallOptions): Promise<FileContent>;
  /** In place at once or not at all, with the directories above it; a symbolic link stays, and what it leads to is written. */
  write(
    path: string,
    content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    how?: WriteFileHow,
    call?: CallOptions,
  ): Promise<void>;
  /** What is in a directory, in no order, as it is read; links are not followed. */
  list(path: string, call?: CallOptions): AsyncIterable<FileInfo>;
  /** What a path leads to; `NotFoundError` where there is nothing. */
  stat(path: string, how?: StatFileHow, call?: CallOptions): Promise<FileInfo>;
  /** A link itself; a directory that is not empty is an `InvalidArgumentError` without `recursive`. */
  remove(path: string, how?: RemoveFileHow, call?: CallOptions): Promise<void>;
  /** `AlreadyExistsError` where something is there; with `parents` a directory is fine, and those above are made. */
  mkdir(path: string, how?: MakeDirectoryHow, call?: CallOptions): Promise<void>;
}
