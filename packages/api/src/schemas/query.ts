import { type BoxStatus, boxStatuses } from './box.ts';
import { anyText, matching, oneOf, text } from './field.ts';
import { checked, list, object, optional, prepared, type Schema, turned } from './schema.ts';
import { nameField } from './snapshot.ts';

// A query string's values are text: these schemas read an object of text (lists of it where a name may repeat).

/** A whole number spelled in decimal digits. */
function digits(field: string, minimum: number, maximum: number): Schema<number> {
  const rule = `a whole number from ${minimum} to ${maximum}`;
  const number = turned(matching(field, /^[0-9]{1,9}$/, rule), Number);
  return checked(number, (value) => value >= minimum && value <= maximum, `${field} must be ${rule}`);
}

/** A flag spelled `true` or `false`. */
function trueOrFalse(field: string): Schema<boolean> {
  return turned(matching(field, /^(true|false)$/, 'true or false'), (value) => value === 'true');
}

/** A name that may repeat: one value reads as a list of one. */
function repeated(item: Schema<string>): Schema<readonly string[]> {
  return prepared((value) => (typeof value === 'string' ? [value] : value), list(item));
}

/** The query of `listImages`. */
export interface ListImagesQuery {
  /** 1 to 1000. @default 100 */
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
}

/** Reads the query of `listImages`. */
export const listImagesQuery: Schema<ListImagesQuery> = object({
  pageSize: optional(digits('pageSize', 1, 1000)),
  pageToken: optional(text('pageToken')),
});

/** The query of `listBoxes`. */
export interface ListBoxesQuery extends ListImagesQuery {
  readonly status?: BoxStatus | undefined;
  /** Each `name=value`; every one must match. */
  readonly label?: readonly string[] | undefined;
  /** What the name begins with. */
  readonly namePrefix?: string | undefined;
}

/** Reads the query of `listBoxes`. */
export const listBoxesQuery: Schema<ListBoxesQuery> = object({
  pageSize: optional(digits('pageSize', 1, 1000)),
  pageToken: optional(text('pageToken')),
  status: optional(oneOf('status', boxStatuses)),
  label: optional(repeated(matching('label', /^[^=\0]+=[^\0]*$/, 'name=value'))),
  namePrefix: optional(nameField('namePrefix')),
});

/** The query of `removeBox`. */
export interface RemoveBoxQuery {
  /** Removes a running box too. @default false */
  readonly force?: boolean | undefined;
}

/** Reads the query of `removeBox`. */
export const removeBoxQuery: Schema<RemoveBoxQuery> = object({ force: optional(trueOrFalse('force')) });

/** The query of `removeVolume`. */
export interface RemoveVolumeQuery {
  /** Takes it from boxes that do not run, too. @default false */
  readonly force?: boolean | undefined;
}

/** Reads the query of `removeVolume`. */
export const removeVolumeQuery: Schema<RemoveVolumeQuery> = object({ force: optional(trueOrFalse('force')) });

/** The query of `importBox`. */
export interface ImportBoxQuery {
  readonly name?: string | undefined;
}

/** Reads the query of `importBox`. */
export const importBoxQuery: Schema<ImportBoxQuery> = object({ name: optional(nameField('name')) });

/** The query of `execTty`. */
export interface ExecTtyQuery {
  /** @default 'bash' */
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** 1 to 65535. @default 80 */
  readonly cols?: number | undefined;
  /** 1 to 65535. @default 24 */
  readonly rows?: number | undefined;
}

/** Reads the query of `execTty`. */
export const execTtyQuery: Schema<ExecTtyQuery> = object({
  command: optional(text('command')),
  args: optional(repeated(anyText('each item of args'))),
  cols: optional(digits('cols', 1, 65535)),
  rows: optional(digits('rows', 1, 65535)),
});

/** The query of `uploadFiles`. */
export interface UploadFilesQuery {
  /** Absolute, or relative to `/`. */
  readonly path: string;
  /** @default true */
  readonly overwrite?: boolean | undefined;
}

/** Reads the query of `uploadFiles`; that the path does not climb out is the backend's to check. */
export const uploadFilesQuery: Schema<UploadFilesQuery> = object({
  path: text('path'),
  overwrite: optional(trueOrFalse('overwrite')),
});

/** The query of `downloadFiles`. */
export interface DownloadFilesQuery {
  /** Absolute, or relative to `/`. */
  readonly path: string;
  /** @default false */
  readonly follow_symlinks?: boolean | undefined;
}

/** Reads the query of `downloadFiles`. */
export const downloadFilesQuery: Schema<DownloadFilesQuery> = object({
  path: text('path'),
  follow_symlinks: optional(trueOrFalse('follow_symlinks')),
});

/** The query of `listExecutions`. */
export type ListExecutionsQuery = ListImagesQuery;

/** Reads the query of `listExecutions`. */
export const listExecutionsQuery: Schema<ListExecutionsQuery> = object({
  pageSize: optional(digits('pageSize', 1, 1000)),
  pageToken: optional(text('pageToken')),
});

/** The query of `readFile`. */
export interface ReadFileQuery {
  /** Absolute, or relative to `/`. */
  readonly path: string;
}

/** Reads the query of `readFile`. */
export const readFileQuery: Schema<ReadFileQuery> = object({ path: text('path') });

/** The query of `listDirectory`. */
export type ListDirectoryQuery = ReadFileQuery;

/** Reads the query of `listDirectory`. */
export const listDirectoryQuery: Schema<ListDirectoryQuery> = object({ path: text('path') });

/** The query of `statFile`. */
export type StatFileQuery = DownloadFilesQuery;

/** Reads the query of `statFile`. */
export const statFileQuery: Schema<StatFileQuery> = object({
  path: text('path'),
  follow_symlinks: optional(trueOrFalse('follow_symlinks')),
});

/** Permission bits, spelled in octal. */
function octal(field: string): Schema<number> {
  const digits = matching(field, /^[0-7]{1,4}$/, 'permission bits in octal, such as 644');
  return turned(digits, (value) => Number.parseInt(value, 8));
}

/** The query of `writeFile`, read: the mode is spelled in octal. */
export interface WriteFileQuery extends UploadFilesQuery {
  /** @default those of the file that is replaced, or 0o644 */
  readonly mode?: number | undefined;
}

/** Reads the query of `writeFile`. */
export const writeFileQuery: Schema<WriteFileQuery> = object({
  path: text('path'),
  mode: optional(octal('mode')),
  overwrite: optional(trueOrFalse('overwrite')),
});

/** The query of `removeFile`. */
export interface RemoveFileQuery extends ReadFileQuery {
  /** Removes a directory with all that is in it. @default false */
  readonly recursive?: boolean | undefined;
}

/** Reads the query of `removeFile`. */
export const removeFileQuery: Schema<RemoveFileQuery> = object({
  path: text('path'),
  recursive: optional(trueOrFalse('recursive')),
});

/** The query of `makeDirectory`, read: the mode is spelled in octal. */
export interface MakeDirectoryQuery extends ReadFileQuery {
  /** @default false */
  readonly parents?: boolean | undefined;
  /** @default 0o755 */
  readonly mode?: number | undefined;
}

/** Reads the query of `makeDirectory`. */
export const makeDirectoryQuery: Schema<MakeDirectoryQuery> = object({
  path: text('path'),
  parents: optional(trueOrFalse('parents')),
  mode: optional(octal('mode')),
});

/** The query of `importImage`. */
export interface ImportImageQuery {
  /** What the image is to be called. */
  readonly reference: string;
}

/** Reads the query of `importImage`. */
export const importImageQuery: Schema<ImportImageQuery> = object({ reference: text('reference') });

/** The query of `listNetworkEvents`. */
export interface ListNetworkEventsQuery {
  /** Leaves out all events up to this sequence. @default 0 */
  readonly after?: number | undefined;
}

/** Reads the query of `listNetworkEvents`. */
export const listNetworkEventsQuery: Schema<ListNetworkEventsQuery> = object({
  after: optional(digits('after', 0, 999_999_999)),
});

/** The query of `openTunnel`. */
export interface OpenTunnelQuery {
  /** 1 to 65535. */
  readonly port: number;
}

/** Reads the query of `openTunnel`. */
export const openTunnelQuery: Schema<OpenTunnelQuery> = object({ port: digits('port', 1, 65535) });

/** The query of `streamTunnel`. */
export interface StreamTunnelQuery extends OpenTunnelQuery {
  /** From `openTunnel`. */
  readonly ticket: string;
}

/** Reads the query of `streamTunnel`. */
export const streamTunnelQuery: Schema<StreamTunnelQuery> = object({
  port: digits('port', 1, 65535),
  ticket: text('ticket'),
});

/** The query of `streamEvents`. */
export interface StreamEventsQuery {
  /** Only of this box, by id or by name. */
  readonly box?: string | undefined;
}

/** Reads the query of `streamEvents`. */
export const streamEventsQuery: Schema<StreamEventsQuery> = object({
  box: optional(matching('box', /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/, 'the id or the name of a box')),
});
