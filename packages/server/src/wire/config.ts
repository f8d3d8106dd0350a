import type { SandboxConfig } from '@boxlite/api';
import type { RuntimeConfig } from 'boxlite/backend';

/** How long an idempotency key is good. */
export const keyLifetime: { readonly iso: string; readonly ms: number } = { iso: 'PT24H', ms: 24 * 60 * 60 * 1000 };

/** The configuration as the wire says it; `keysLast` where idempotency keys outlive the server. */
export function configToWire({ defaults, capabilities }: RuntimeConfig, keysLast: boolean): SandboxConfig {
  return {
    defaults: {
      cpus: defaults.cpus,
      memory_mib: defaults.memoryMib,
      disk_size_gb: defaults.diskSizeGb ?? null,
      security_preset: defaults.securityPreset,
      auto_remove: defaults.autoRemove,
    },
    overrides: {},
    capabilities: {
      max_cpus: capabilities.maxCpus,
      max_memory_mib: capabilities.maxMemoryMib,
      max_disk_size_gb: capabilities.maxDiskSizeGb,
      max_boxes_per_prefix: capabilities.maxBoxesPerPrefix,
      max_concurrent_executions: capabilities.maxConcurrentExecutions,
      file_transfer_max_bytes: capabilities.fileTransferMaxBytes,
      exec_timeout_max_seconds: capabilities.execTimeoutMaxSeconds,
      output_retention_seconds:
        capabilities.outputRetentionMs === undefined ? null : capabilities.outputRetentionMs / 1000,
      output_retention_bytes: capabilities.outputRetentionBytes ?? null,
      tty_enabled: capabilities.ttyEnabled,
      streaming_enabled: capabilities.streamingEnabled,
      linux_capabilities_enabled: capabilities.linuxCapabilitiesEnabled,
      snapshots_enabled: capabilities.snapshotsEnabled,
      clone_enabled: capabilities.cloneEnabled,
      export_enabled: capabilities.exportEnabled,
      import_enabled: capabilities.importEnabled,
      volumes_enabled: capabilities.volumesEnabled,
      files_enabled: capabilities.filesEnabled,
      image_remove_enabled: capabilities.imageRemoveEnabled,
      image_import_enabled: capabilities.imageImportEnabled,
      execution_list_enabled: capabilities.executionListEnabled,
      supported_security_presets: capabilities.supportedSecurityPresets,
      get_or_create_enabled: true,
      idempotency_key_lifetime: keysLast ? keyLifetime.iso : null,
    },
  };
}
