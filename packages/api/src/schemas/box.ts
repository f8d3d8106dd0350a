import * as z from 'zod';
import { maybe } from './field.ts';
import { type BoxNetwork, boxNetwork } from './network.ts';

/** Where a box is in its life. */
export const boxStatuses = ['configured', 'running', 'paused', 'stopping', 'stopped', 'failed', 'unknown'] as const;

/** One of {@link boxStatuses}. */
export type BoxStatus = (typeof boxStatuses)[number];

/** What a box's health check says. */
export const healthStatuses = ['starting', 'healthy', 'unhealthy'] as const;

/** One of {@link healthStatuses}. */
export type HealthStatus = (typeof healthStatuses)[number];

/** A box as it was when asked. */
export interface Box {
  /** A ULID, made by the server. */
  readonly box_id: string;
  readonly name?: string | null | undefined;
  readonly status: BoxStatus;
  /** RFC 3339, UTC. */
  readonly created_at: string;
  /** RFC 3339, UTC. */
  readonly updated_at: string;
  /** Process id on the server's host while the box runs. */
  readonly pid?: number | null | undefined;
  readonly image: string;
  readonly cpus: number;
  readonly memory_mib: number;
  /** Stopping the box removes it; an addition, which other servers leave out. */
  readonly auto_remove?: boolean | null | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339, UTC: when it last started. This and what follows are additions. */
  readonly started_at?: string | null | undefined;
  /** How its main command ended. */
  readonly exit_code?: number | null | undefined;
  readonly main_execution_id?: string | null | undefined;
  /** Why it is `failed`. */
  readonly error_message?: string | null | undefined;
  readonly health_status?: HealthStatus | null | undefined;
  /** Its own, or its image's. */
  readonly entrypoint?: readonly string[] | null | undefined;
  /** Its own, or its image's. */
  readonly cmd?: readonly string[] | null | undefined;
  /** Seconds; 0: never. */
  readonly auto_stop?: number | null | undefined;
  /** The same, for clients that know it by its former name. */
  readonly auto_pause?: number | null | undefined;
  /** Seconds; 0: never. */
  readonly auto_delete?: number | null | undefined;
  readonly auto_resume?: boolean | null | undefined;
  /** An addition, which other servers leave out or spell in their own way. */
  readonly network?: BoxNetwork | null | undefined;
}

/** Reads a box from any server of generation 1; a status not known here reads as `unknown`, missing labels as none. */
export const box: z.ZodType<Box> = z.object({
  box_id: z.string().min(1),
  name: maybe(z.string()),
  status: z.enum(boxStatuses).catch('unknown'),
  created_at: z.string(),
  updated_at: z.string(),
  pid: maybe(z.int()),
  image: z.string(),
  cpus: z.int(),
  memory_mib: z.int(),
  auto_remove: maybe(z.boolean()),
  labels: z.preprocess((value) => value ?? {}, z.record(z.string(), z.string())),
  started_at: maybe(z.string()),
  exit_code: maybe(z.int()),
  main_execution_id: maybe(z.string()),
  error_message: maybe(z.string()),
  health_status: maybe(z.enum(healthStatuses)).catch(undefined),
  entrypoint: maybe(z.array(z.string())),
  cmd: maybe(z.array(z.string())),
  auto_stop: maybe(z.number().nonnegative()),
  auto_pause: maybe(z.number().nonnegative()),
  auto_delete: maybe(z.number().nonnegative()),
  auto_resume: maybe(z.boolean()),
  network: maybe(boxNetwork).catch(undefined),
});

/** One page of boxes, oldest first. */
export interface ListBoxesResponse {
  readonly boxes: readonly Box[];
  /** Absent or null on the last page. */
  readonly next_page_token?: string | null | undefined;
}

/** Reads a page of boxes. */
export const listBoxesResponse: z.ZodType<ListBoxesResponse> = z.object({
  boxes: z.array(box),
  next_page_token: maybe(z.string()),
});
