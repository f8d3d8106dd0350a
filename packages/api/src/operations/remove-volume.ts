import { type Endpoint, path } from '@boxlite/rest';
import type { RemoveVolumeQuery } from '../schemas/query.ts';

/** Parameters of {@link removeVolume}. */
export interface RemoveVolumeOptions extends RemoveVolumeQuery {
  /** Id or name. */
  readonly volume: string;
}

/** Deletes a volume with all that is in it. Answers 204; 409 while a box has it. */
export function removeVolume({ volume, force }: RemoveVolumeOptions): Endpoint {
  return { method: 'DELETE', path: path`/volumes/${volume}`, params: { force } };
}
