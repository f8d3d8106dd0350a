import * as z from 'zod';
import { maybe } from './field.ts';
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
export const volume: z.ZodType<Volume> = z.object({
  id: z.string().min(1),
  name: maybe(z.string()),
  state: z.preprocess((value) => value ?? 'ready', z.enum(volumeStates).catch('unknown')),
  created_at: z.string(),
  updated_at: maybe(z.string()),
  last_used_at: maybe(z.string()),
  error_reason: maybe(z.string()),
});

/** What to call a new volume. */
export interface CreateVolumeRequest {
  readonly name?: string | undefined;
}

/** Checks a request for a volume. */
export const createVolumeRequest: z.ZodType<CreateVolumeRequest> = z.object({ name: nameField('name').optional() });

/** Every volume, oldest first. */
export interface ListVolumesResponse {
  readonly volumes: readonly Volume[];
}

/** Reads the volumes. */
export const listVolumesResponse: z.ZodType<ListVolumesResponse> = z.object({ volumes: z.array(volume) });
