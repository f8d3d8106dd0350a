import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link getVolume}. */
export interface GetVolumeOptions {
  /** Id or name. */
  readonly volume: string;
}

/** One volume. Answers 200 with a `Volume`. */
export function getVolume({ volume }: GetVolumeOptions): Endpoint {
  return { method: 'GET', path: path`/volumes/${volume}` };
}
