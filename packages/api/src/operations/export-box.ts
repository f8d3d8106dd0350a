import { type Endpoint, json, path } from '@boxlite/rest';

/** Parameters of {@link exportBox}. */
export interface ExportBoxOptions {
  /** Id or name. */
  readonly box: string;
}

/** Packs a box with its image and disk. Answers 200 with the archive. */
export function exportBox({ box }: ExportBoxOptions): Endpoint {
  return {
    method: 'POST',
    path: path`/boxes/${box}/export`,
    body: json({}),
    headers: { accept: 'application/octet-stream' },
  };
}
