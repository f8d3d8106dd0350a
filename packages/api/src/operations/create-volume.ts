import { type Endpoint, json, path } from '@boxlite/rest';
import type { CreateVolumeRequest } from '../schemas/volume.ts';

/** Parameters of {@link createVolume}. */
export interface CreateVolumeOptions {
  /** The request's body. */
  readonly body: CreateVolumeRequest;
}

/** Makes an empty volume. Answers 201 with a `Volume`. */
export function createVolume({ body }: CreateVolumeOptions): Endpoint {
  return { method: 'POST', path: path`/volumes`, body: json(body) };
}
