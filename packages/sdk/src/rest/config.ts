import { getConfig, type SandboxCapabilities, type SandboxConfig, sandboxConfig } from '@boxlite/api';
import { type Client, query } from '@boxlite/rest';
import type { RuntimeBackend } from '../backend/backend.ts';
import type { RuntimeConfig } from '../backend/info.ts';
import type { Connection } from './connection.ts';
import { inMs } from './time-wire.ts';

/** What a server says that it can do. */
export async function askCapabilities(client: Client): Promise<SandboxCapabilities | null | undefined> {
  return (await query(getConfig(), sandboxConfig).send(client)).capabilities;
}

/** What a server gives by default, and what it can do. */
export function restConfig(connection: Connection): Pick<RuntimeBackend, 'config' | 'check'> {
  const config: RuntimeBackend['config'] = async (call) =>
    runtimeConfig(await connection.send(query(getConfig(), sandboxConfig), call));
  return { config, check: async (call) => void (await config(call)) };
}

/** A server's configuration; a limit that it does not state is Infinity, a default that it does not state is this project's. */
function runtimeConfig({ defaults, capabilities }: SandboxConfig): RuntimeConfig {
  return {
    defaults: {
      cpus: defaults?.cpus ?? 1,
      memoryMib: defaults?.memory_mib ?? 512,
      diskSizeGb: defaults?.disk_size_gb ?? undefined,
      securityPreset: defaults?.security_preset ?? 'standard',
      autoRemove: defaults?.auto_remove ?? true,
    },
    capabilities: {
      maxCpus: capabilities?.max_cpus ?? Infinity,
      maxMemoryMib: capabilities?.max_memory_mib ?? Infinity,
      maxDiskSizeGb: capabilities?.max_disk_size_gb ?? Infinity,
      maxBoxesPerPrefix: capabilities?.max_boxes_per_prefix ?? Infinity,
      maxConcurrentExecutions: capabilities?.max_concurrent_executions ?? Infinity,
      fileTransferMaxBytes: capabilities?.file_transfer_max_bytes ?? Infinity,
      execTimeoutMaxSeconds: capabilities?.exec_timeout_max_seconds ?? Infinity,
      outputRetentionMs: inMs(capabilities?.output_retention_seconds),
      outputRetentionBytes: capabilities?.output_retention_bytes ?? undefined,
      ttyEnabled: capabilities?.tty_enabled ?? true,
      streamingEnabled: capabilities?.streaming_enabled ?? true,
      linuxCapabilitiesEnabled: capabilities?.linux_capabilities_enabled ?? false,
      snapshotsEnabled: capabilities?.snapshots_enabled ?? false,
      cloneEnabled: capabilities?.clone_enabled ?? false,
      exportEnabled: capabilities?.export_enabled ?? false,
      importEnabled: capabilities?.import_enabled ?? false,
      volumesEnabled: capabilities?.volumes_enabled ?? false,
      filesEnabled: capabilities?.files_enabled ?? false,
      imageRemoveEnabled: capabilities?.image_remove_enabled ?? false,
      imageImportEnabled: capabilities?.image_import_enabled ?? false,
      executionListEnabled: capabilities?.execution_list_enabled ?? false,
      supportedSecurityPresets: capabilities?.supported_security_presets ?? ['standard'],
      idempotencyKeyLifetime: capabilities?.idempotency_key_lifetime ?? undefined,
    },
  };
}
