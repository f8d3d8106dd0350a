import { type Endpoint, path } from '@boxlite/rest';

/** Every volume, oldest first. Answers 200 with a `ListVolumesResponse`. */
export function listVolumes(): Endpoint {
  return { method: 'GET', path: path`/volumes` };
}
