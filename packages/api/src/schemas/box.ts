import { amount, bool, filled, int, string, strings, stringsByName, word } from './answer.ts';
import {
  type BoxAdvanced,
  type BoxHealthCheck,
  type BoxPort,
  type BoxTmpfs,
  type BoxVolume,
  boxAdvanced,
  boxHealthCheck,
  boxPort,
  boxTmpfs,
  boxVolume,
  told,
} from './made-with.ts';
import { type BoxNetwork, boxNetwork } from './network.ts';
import { given, list, maybe, object, otherwise, type Schema } from './schema.ts';
import { type SecurityPreset, securityPresets } from './security-preset.ts';

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
  /** This and what follows, what it was made with, are additions as well. */
  readonly security?: SecurityPreset | undefined;
  readonly advanced?: BoxAdvanced | undefined;
  readonly disk_size_gb?: number | undefined;
  readonly processes?: number | undefined;
  readonly open_files?: number | undefined;
  readonly output_limit_bytes?: number | undefined;
  readonly max_concurrent_executions?: number | undefined;
  /** Its own, or its image's. */
  readonly working_dir?: string | undefined;
  /** Its own, or its image's. */
  readonly user?: string | undefined;
  readonly tty?: boolean | undefined;
  readonly detach?: boolean | undefined;
  readonly volumes?: readonly BoxVolume[] | undefined;
  readonly tmpfs?: readonly BoxTmpfs[] | undefined;
  readonly ports?: readonly BoxPort[] | undefined;
  readonly health_check?: BoxHealthCheck | undefined;
}

/** Reads a box from any server of generation 1; a status not known here reads as `unknown`, missing labels as none. */
export const box: Schema<Box> = object({
  box_id: filled,
  name: maybe(string),
  status: otherwise(word(boxStatuses), 'unknown'),
  created_at: string,
  updated_at: string,
  pid: maybe(int),
  image: string,
  cpus: int,
  memory_mib: int,
  auto_remove: maybe(bool),
  labels: given(stringsByName, {}),
  started_at: maybe(string),
  exit_code: maybe(int),
  main_execution_id: maybe(string),
  error_message: maybe(string),
  health_status: otherwise(maybe(word(healthStatuses)), undefined),
  entrypoint: maybe(strings),
  cmd: maybe(strings),
  auto_stop: maybe(amount),
  auto_pause: maybe(amount),
  auto_delete: maybe(amount),
  auto_resume: maybe(bool),
  network: otherwise(maybe(boxNetwork), undefined),
  security: told(word(securityPresets)),
  advanced: told(boxAdvanced),
  disk_size_gb: told(int),
  processes: told(int),
  open_files: told(int),
  output_limit_bytes: told(int),
  max_concurrent_executions: told(int),
  working_dir: told(string),
  user: told(string),
  tty: told(bool),
  detach: told(bool),
  volumes: told(list(boxVolume)),
  tmpfs: told(list(boxTmpfs)),
  ports: told(list(boxPort)),
  health_check: told(boxHealthCheck),
});

/** One page of boxes, oldest first. */
export interface ListBoxesResponse {
  readonly boxes: readonly Box[];
  /** Absent or null on the last page. */
  readonly next_page_token?: string | null | undefined;
}

/** Reads a page of boxes. */
export const listBoxesResponse: Schema<ListBoxesResponse> = object({
  boxes: list(box),
  next_page_token: maybe(string),
});
