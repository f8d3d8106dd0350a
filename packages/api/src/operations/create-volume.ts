import { type Endpoint, json, path } from '@boxlite/rest';
import type { CreateVolumeRequest } from '../schemas/volume.ts';

export interface CreateVolumeOptions {
  readonly body: CreateVolumeRequest;
}

/** Makes an empty volume. Answers 201 with a `Volume`. */
export function createVolume({ body }: CreateVolumeOptions): Endpoint {
  return { method: 'POST', path: path`/volumes`, body: json(body) };
}
