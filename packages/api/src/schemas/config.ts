import { amount, bool, count, int, string, stringsByName, word } from './answer.ts';
import { list, maybe, object, prepared, type Schema } from './schema.ts';
import { type SecurityPreset, securityPresets } from './security-preset.ts';

/** What a box gets when its request does not say. */
export interface SandboxDefaults {
  readonly cpus?: number | null | undefined;
  readonly memory_mib?: number | null | undefined;
  readonly disk_size_gb?: number | null | undefined;
  readonly security_preset?: SecurityPreset | null | undefined;
  readonly auto_remove?: boolean | null | undefined;
}

/** Reads the defaults. */
export const sandboxDefaults: Schema<SandboxDefaults> = object({
  cpus: maybe(int),
  memory_mib: maybe(int),
  disk_size_gb: maybe(int),
  security_preset: maybe(word(securityPresets)),
  auto_remove: maybe(bool),
});

/** What a server can do, and its limits. */
export interface SandboxCapabilities {
  readonly max_cpus?: number | null | undefined;
  readonly max_memory_mib?: number | null | undefined;
  readonly max_disk_size_gb?: number | null | undefined;
  readonly max_boxes_per_prefix?: number | null | undefined;
  readonly max_concurrent_executions?: number | null | undefined;
  readonly file_transfer_max_bytes?: number | null | undefined;
  readonly exec_timeout_max_seconds?: number | null | undefined;
  /** How long, and how much in all, output is kept after its execution's end; absent or null: without a limit. */
  readonly output_retention_seconds?: number | null | undefined;
  readonly output_retention_bytes?: number | null | undefined;
  readonly tty_enabled?: boolean | null | undefined;
  readonly streaming_enabled?: boolean | null | undefined;
  readonly linux_capabilities_enabled?: boolean | null | undefined;
  readonly snapshots_enabled?: boolean | null | undefined;
  readonly clone_enabled?: boolean | null | undefined;
  readonly export_enabled?: boolean | null | undefined;
  readonly import_enabled?: boolean | null | undefined;
  readonly volumes_enabled?: boolean | null | undefined;
  /** Whether there are `readFile`, `writeFile`, `listDirectory`, `statFile`, `removeFile` and `makeDirectory`. */
  readonly files_enabled?: boolean | null | undefined;
  readonly image_remove_enabled?: boolean | null | undefined;
  readonly image_import_enabled?: boolean | null | undefined;
  /** Whether there is `listExecutions`. */
  readonly execution_list_enabled?: boolean | null | undefined;
  /** Whether there is `getOrCreateBox`. */
  readonly get_or_create_enabled?: boolean | null | undefined;
  readonly supported_security_presets?: readonly SecurityPreset[] | null | undefined;
  /** ISO 8601 duration; absent or null where keys are not honoured. */
  readonly idempotency_key_lifetime?: string | null | undefined;
}

const limit = (): ReturnType<typeof maybe<number>> => maybe(count);

const known = (preset: string): preset is SecurityPreset => securityPresets.some((one) => one === preset);

/** Reads the capabilities; presets that are not known here are left out. */
export const sandboxCapabilities: Schema<SandboxCapabilities> = object({
  max_cpus: limit(),
  max_memory_mib: limit(),
  max_disk_size_gb: limit(),
  max_boxes_per_prefix: limit(),
  max_concurrent_executions: limit(),
  file_transfer_max_bytes: limit(),
  exec_timeout_max_seconds: limit(),
  output_retention_seconds: maybe(amount),
  output_retention_bytes: limit(),
  tty_enabled: maybe(bool),
  streaming_enabled: maybe(bool),
  linux_capabilities_enabled: maybe(bool),
  snapshots_enabled: maybe(bool),
  clone_enabled: maybe(bool),
  export_enabled: maybe(bool),
  import_enabled: maybe(bool),
  volumes_enabled: maybe(bool),
  files_enabled: maybe(bool),
  image_remove_enabled: maybe(bool),
  image_import_enabled: maybe(bool),
  execution_list_enabled: maybe(bool),
  get_or_create_enabled: maybe(bool),
  supported_security_presets: maybe(
    prepared(
      (value) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string' && known(one)) : value),
      list(word(securityPresets)),
    ),
  ),
  idempotency_key_lifetime: maybe(string),
});

/** A server's configuration, as far as clients need it. */
export interface SandboxConfig {
  readonly defaults?: SandboxDefaults | null | undefined;
  /** Settings that win over what a request says. */
  readonly overrides?: Readonly<Record<string, string>> | null | undefined;
  readonly capabilities?: SandboxCapabilities | null | undefined;
}

/** Reads a server's configuration. */
export const sandboxConfig: Schema<SandboxConfig> = object({
  defaults: maybe(sandboxDefaults),
  overrides: maybe(stringsByName),
  capabilities: maybe(sandboxCapabilities),
});
