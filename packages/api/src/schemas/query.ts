import * as z from 'zod';
import { type BoxStatus, boxStatuses } from './box.ts';
import { anyText, matching, oneOf, text } from './field.ts';
import { nameField } from './snapshot.ts';

// A query string's values are text: these schemas read an object of text (lists of it where a name may repeat).

/** A whole number spelled in decimal digits. */
function digits(field: string, minimum: number, maximum: number): z.ZodType<number> {
  const message = `${field} must be a whole number from ${minimum} to ${maximum}`;
  return z
    .string(message)
    .regex(/^[0-9]{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, message);
}

/** A flag spelled `true` or `false`. */
function trueOrFalse(field: string): z.ZodType<boolean> {
  return z.enum(['true', 'false'], `${field} must be true or false`).transform((value) => value === 'true');
}

/** A name that may repeat: one value reads as a list of one. */
function repeated(item: z.ZodType<string>): z.ZodType<readonly string[]> {
  return z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item));
}

/** The query of `listImages`. */
export interface ListImagesQuery {
  /** 1 to 1000. @default 100 */
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
}

/** Reads the query of `listImages`. */
export const listImagesQuery: z.ZodType<ListImagesQuery> = z.object({
  pageSize: digits('pageSize', 1, 1000).optional(),
  pageToken: text('pageToken').optional(),
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
export const listBoxesQuery: z.ZodType<ListBoxesQuery> = z.object({
  pageSize: digits('pageSize', 1, 1000).optional(),
  pageToken: text('pageToken').optional(),
  status: oneOf('status', boxStatuses).optional(),
  label: repeated(matching('label', /^[^=\0]+=[^\0]*$/, 'name=value')).optional(),
  namePrefix: nameField('namePrefix').optional(),
});

/** The query of `removeBox`. */
export interface RemoveBoxQuery {
  /** Removes a running box too. @default false */
  readonly force?: boolean | undefined;
}

/** Reads the query of `removeBox`. */
export const removeBoxQuery: z.ZodType<RemoveBoxQuery> = z.object({ force: trueOrFalse('force').optional() });

/** The query of `removeVolume`. */
export interface RemoveVolumeQuery {
  /** Takes it from boxes that do not run, too. @default false */
  readonly force?: boolean | undefined;
}

/** Reads the query of `removeVolume`. */
export const removeVolumeQuery: z.ZodType<RemoveVolumeQuery> = z.object({ force: trueOrFalse('force').optional() });

/** The query of `importBox`. */
export interface ImportBoxQuery {
  readonly name?: string | undefined;
}

/** Reads the query of `importBox`. */
export const importBoxQuery: z.ZodType<ImportBoxQuery> = z.object({ name: nameField('name').optional() });

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
export const execTtyQuery: z.ZodType<ExecTtyQuery> = z.object({
  command: text('command').optional(),
  args: repeated(anyText('each item of args')).optional(),
  cols: digits('cols', 1, 65535).optional(),
  rows: digits('rows', 1, 65535).optional(),
});

/** The query of `uploadFiles`. */
export interface UploadFilesQuery {
  /** Absolute, or relative to `/`. */
  readonly path: string;
  /** @default true */
  readonly overwrite?: boolean | undefined;
}

/** Reads the query of `uploadFiles`; that the path does not climb out is the backend's to check. */
export const uploadFilesQuery: z.ZodType<UploadFilesQuery> = z.object({
  path: text('path'),
  overwrite: trueOrFalse('overwrite').optional(),
});

/** The query of `downloadFiles`. */
export interface DownloadFilesQuery {
  /** Absolute, or relative to `/`. */
  readonly path: string;
  /** @default false */
  readonly follow_symlinks?: boolean | undefined;
}

/** Reads the query of `downloadFiles`. */
export const downloadFilesQuery: z.ZodType<DownloadFilesQuery> = z.object({
  path: text('path'),
  follow_symlinks: trueOrFalse('follow_symlinks').optional(),
});

/** The query of `listExecutions`. */
export type ListExecutionsQuery = ListImagesQuery;

/** Reads the query of `listExecutions`. */
export const listExecutionsQuery: z.ZodType<ListExecutionsQuery> = z.object({
  pageSize: digits('pageSize', 1, 1000).optional(),
  pageToken: text('pageToken').optional(),
});

/** The query of `readFile`. */
export interface ReadFileQuery {
  /** Absolute, or relative to `/`. */
  readonly path: string;
}

/** Reads the query of `readFile`. */
export const readFileQuery: z.ZodType<ReadFileQuery> = z.object({ path: text('path') });

/** The query of `listDirectory`. */
export type ListDirectoryQuery = ReadFileQuery;

/** Reads the query of `listDirectory`. */
export const listDirectoryQuery: z.ZodType<ListDirectoryQuery> = z.object({ path: text('path') });

/** The query of `statFile`. */
export type StatFileQuery = DownloadFilesQuery;

/** Reads the query of `statFile`. */
export const statFileQuery: z.ZodType<StatFileQuery> = z.object({
  path: text('path'),
  follow_symlinks: trueOrFalse('follow_symlinks').optional(),
});

/** Permission bits, spelled in octal. */
function octal(field: string): z.ZodType<number> {
  const message = `${field} must be permission bits in octal, such as 644`;
  return z
    .string(message)
    .regex(/^[0-7]{1,4}$/, message)
    .transform((value) => Number.parseInt(value, 8));
}

/** The query of `writeFile`, read: the mode is spelled in octal. */
export interface WriteFileQuery extends UploadFilesQuery {
  /** @default those of the file that is replaced, or 0o644 */
  readonly mode?: number | undefined;
}

/** Reads the query of `writeFile`. */
export const writeFileQuery: z.ZodType<WriteFileQuery> = z.object({
  path: text('path'),
  mode: octal('mode').optional(),
  overwrite: trueOrFalse('overwrite').optional(),
});

/** The query of `removeFile`. */
export interface RemoveFileQuery extends ReadFileQuery {
  /** Removes a directory with all that is in it. @default false */
  readonly recursive?: boolean | undefined;
}

/** Reads the query of `removeFile`. */
export const removeFileQuery: z.ZodType<RemoveFileQuery> = z.object({
  path: text('path'),
  recursive: trueOrFalse('recursive').optional(),
});

/** The query of `makeDirectory`, read: the mode is spelled in octal. */
export interface MakeDirectoryQuery extends ReadFileQuery {
  /** @default false */
  readonly parents?: boolean | undefined;
  /** @default 0o755 */
  readonly mode?: number | undefined;
}

/** Reads the query of `makeDirectory`. */
export const makeDirectoryQuery: z.ZodType<MakeDirectoryQuery> = z.object({
  path: text('path'),
  parents: trueOrFalse('parents').optional(),
  mode: octal('mode').optional(),
});

/** The query of `importImage`. */
export interface ImportImageQuery {
  /** What the image is to be called. */
  readonly reference: string;
}

/** Reads the query of `importImage`. */
export const importImageQuery: z.ZodType<ImportImageQuery> = z.object({ reference: text('reference') });

/** The query of `listNetworkEvents`. */
export interface ListNetworkEventsQuery {
  /** Leaves out all events up to this sequence. @default 0 */
  readonly after?: number | undefined;
}

/** Reads the query of `listNetworkEvents`. */
export const listNetworkEventsQuery: z.ZodType<ListNetworkEventsQuery> = z.object({
  after: digits('after', 0, 999_999_999).optional(),
});

/** The query of `openTunnel`. */
export interface OpenTunnelQuery {
  /** 1 to 65535. */
  readonly port: number;
}

/** Reads the query of `openTunnel`. */
export const openTunnelQuery: z.ZodType<OpenTunnelQuery> = z.object({ port: digits('port', 1, 65535) });

/** The query of `streamTunnel`. */
export interface StreamTunnelQuery extends OpenTunnelQuery {
  /** From `openTunnel`. */
  readonly ticket: string;
}

/** Reads the query of `streamTunnel`. */
export const streamTunnelQuery: z.ZodType<StreamTunnelQuery> = z.object({
  port: digits('port', 1, 65535),
  ticket: text('ticket'),
});

/** The query of `streamEvents`. */
export interface StreamEventsQuery {
  /** Only of this box, by id or by name. */
  readonly box?: string | undefined;
}

/** Reads the query of `streamEvents`. */
export const streamEventsQuery: z.ZodType<StreamEventsQuery> = z.object({
  box: matching('box', /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/, 'the id or the name of a box').optional(),
});
