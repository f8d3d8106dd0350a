import { base64, count, filled, string, within, word } from './answer.ts';
import { maybe, object, type Schema } from './schema.ts';

/** What kind of thing a path of a box leads to. */
export const fileTypes = [
  'file',
  'directory',
  'symlink',
  'pipe',
  'socket',
  'character_device',
  'block_device',
] as const;

/** One of {@link fileTypes}. */
export type FileType = (typeof fileTypes)[number];

/** A file or directory of a box. */
export interface FileInfo {
  /** What is not UTF-8 in it is U+FFFD. */
  readonly name: string;
  /** The name's bytes in base64; null where they are UTF-8. */
  readonly name_base64?: string | null | undefined;
  readonly type: FileType;
  readonly size_bytes: number;
  /** Permission bits, as a number. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** RFC 3339, UTC. */
  readonly modified_at: string;
  /** Where a symbolic link leads; null for everything else. */
  readonly target?: string | null | undefined;
}

/** Reads a file's record. */
export const fileInfo: Schema<FileInfo> = object({
  name: filled,
  name_base64: maybe(base64),
  type: word(fileTypes),
  size_bytes: count,
  mode: within(0, 0o7777),
  uid: count,
  gid: count,
  modified_at: string,
  target: maybe(string),
});
