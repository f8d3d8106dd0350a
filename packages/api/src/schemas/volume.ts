import { filled, string, word } from './answer.ts';
import { given, list, maybe, object, optional, otherwise, type Schema } from './schema.ts';
import { nameField } from './snapshot.ts';

/** Where a volume is in its life. */
export const volumeStates = ['ready', 'creating', 'deleting', 'deleted', 'error', 'unknown'] as const;

/** One of {@link volumeStates}. */
export type VolumeState = (typeof volumeStates)[number];

/** A directory that outlives boxes. */
export interface Volume {
  readonly id: string;
  /** The id, where none was given. */
  readonly name?: string | null | undefined;
  readonly state?: VolumeState | undefined;
  /** RFC 3339, UTC. */
  readonly created_at: string;
  readonly updated_at?: string | null | undefined;
  readonly last_used_at?: string | null | undefined;
  readonly error_reason?: string | null | undefined;
}

/** Reads a volume; a state not known here reads as `unknown`, a missing one as `ready`. */
export const volume: Schema<Volume> = object({
  id: filled,
  name: maybe(string),
  state: given(otherwise(word(volumeStates), 'unknown'), 'ready'),
  created_at: string,
  updated_at: maybe(string),
  last_used_at: maybe(string),
  error_reason: maybe(string),
});

/** What to call a new volume. */
export interface CreateVolumeRequest {
  readonly name?: string | undefined;
}

/** Checks a request for a volume. */
export const createVolumeRequest: Schema<CreateVolumeRequest> = object({ name: optional(nameField('name')) });

/** Every volume, oldest first. */
export interface ListVolumesResponse {
  readonly volumes: readonly Volume[];
}

/** Reads the volumes. */
export const listVolumesResponse: Schema<ListVolumesResponse> = object({ volumes: list(volume) });
