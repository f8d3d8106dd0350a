import type { RuntimeConfig } from 'boxlite/backend';
import { maxConcurrentExecutions } from './box/box-executions.ts';
import type { OutputRetention } from './execution/output-retention.ts';

/** Most boxes of one tenant, unless the runtime is opened with another number. */
export const defaultMaxBoxes = 10_000;

import type { ChosenEngine } from './engine/choice.ts';

const config: RuntimeConfig = {
  defaults: { cpus: 1, memoryMib: 512, diskSizeGb: undefined, securityPreset: 'standard', autoRemove: true },
  capabilities: {
    maxCpus: 32,
    maxMemoryMib: 1_048_576,
    maxDiskSizeGb: 16_384,
    maxBoxesPerPrefix: defaultMaxBoxes,
    maxConcurrentExecutions,
    fileTransferMaxBytes: 64 * 1024 ** 3,
    execTimeoutMaxSeconds: 2_147_483,
    outputRetentionMs: undefined,
    outputRetentionBytes: undefined,
    ttyEnabled: true,
    streamingEnabled: true,
    linuxCapabilitiesEnabled: true,
    snapshotsEnabled: true,
    cloneEnabled: true,
    exportEnabled: true,
    importEnabled: true,
    volumesEnabled: true,
    filesEnabled: true,
    imageRemoveEnabled: true,
    imageImportEnabled: true,
    executionListEnabled: true,
    supportedSecurityPresets: ['development', 'standard', 'maximum'],
    idempotencyKeyLifetime: undefined,
  },
};

/** What a local runtime gives by default, and what it can do with its engine. */
export function runtimeConfig(
  { hasPreset, means }: Pick<ChosenEngine, 'hasPreset' | 'means'>,
  maxBoxes: number,
  retention: OutputRetention,
): RuntimeConfig {
  const { capabilities } = config;
  const supportedSecurityPresets = capabilities.supportedSecurityPresets.filter(hasPreset);
  const { rootless, cgroups } = means;
  return {
    ...config,
    capabilities: {
      ...capabilities,
      ...(rootless && { maxDiskSizeGb: 0 }),
      ...(rootless && !cgroups && { maxCpus: 0, maxMemoryMib: 0 }),
      supportedSecurityPresets,
      maxBoxesPerPrefix: maxBoxes,
      outputRetentionMs: Number.isFinite(retention.ms) ? retention.ms : undefined,
      outputRetentionBytes: Number.isFinite(retention.bytes) ? retention.bytes : undefined,
    },
  };
}
