export { type Operation, type OperationId, operations } from './operation.ts';
export { type AttachBoxOptions, attachBox } from './operations/attach-box.ts';
export { type AttachExecutionOptions, attachExecution } from './operations/attach-execution.ts';
export { type BoxExistsOptions, boxExists } from './operations/box-exists.ts';
export { type CloneBoxOptions, cloneBox } from './operations/clone-box.ts';
export { type CreateApiKeyOptions, createApiKey } from './operations/create-api-key.ts';
export { type CreateBoxOptions, createBox } from './operations/create-box.ts';
export { type CreateSnapshotOptions, createSnapshot } from './operations/create-snapshot.ts';
export { type CreateVolumeOptions, createVolume } from './operations/create-volume.ts';
export { type DownloadFilesOptions, downloadFiles } from './operations/download-files.ts';
export { type ExecTtyOptions, execTty } from './operations/exec-tty.ts';
export { type ExportBoxOptions, exportBox } from './operations/export-box.ts';
export { type GetBoxOptions, getBox } from './operations/get-box.ts';
export { type GetBoxMetricsOptions, getBoxMetrics } from './operations/get-box-metrics.ts';
export { getConfig } from './operations/get-config.ts';
export { type GetExecutionOptions, getExecution } from './operations/get-execution.ts';
export { type GetImageOptions, getImage } from './operations/get-image.ts';
export { getJwks } from './operations/get-jwks.ts';
export { getMe } from './operations/get-me.ts';
export { type GetOrCreateBoxOptions, getOrCreateBox } from './operations/get-or-create-box.ts';
export { getRuntimeMetrics } from './operations/get-runtime-metrics.ts';
export { type GetSnapshotOptions, getSnapshot } from './operations/get-snapshot.ts';
export { type GetTokenOptions, getToken } from './operations/get-token.ts';
export { type GetVolumeOptions, getVolume } from './operations/get-volume.ts';
export { type ImageExistsOptions, imageExists } from './operations/image-exists.ts';
export { type ImportBoxOptions, importBox } from './operations/import-box.ts';
export { type ImportImageOptions, importImage } from './operations/import-image.ts';
export { listApiKeys } from './operations/list-api-keys.ts';
export { type ListBoxesOptions, listBoxes } from './operations/list-boxes.ts';
export { type ListDirectoryOptions, listDirectory } from './operations/list-directory.ts';
export { type ListExecutionsOptions, listExecutions } from './operations/list-executions.ts';
export { type ListImagesOptions, listImages } from './operations/list-images.ts';
export { type ListNetworkEventsOptions, listNetworkEvents } from './operations/list-network-events.ts';
export { type ListSnapshotsOptions, listSnapshots } from './operations/list-snapshots.ts';
export { listVolumes } from './operations/list-volumes.ts';
export { type MakeDirectoryOptions, makeDirectory } from './operations/make-directory.ts';
export { type OpenTunnelOptions, openTunnel } from './operations/open-tunnel.ts';
export { type PauseBoxOptions, pauseBox } from './operations/pause-box.ts';
export { type PruneImagesOptions, pruneImages } from './operations/prune-images.ts';
export { type PullImageOptions, pullImage } from './operations/pull-image.ts';
export { type ReadFileOptions, readFile } from './operations/read-file.ts';
export { type RemoveBoxOptions, removeBox } from './operations/remove-box.ts';
export { type RemoveExecutionOptions, removeExecution } from './operations/remove-execution.ts';
export { type RemoveFileOptions, removeFile } from './operations/remove-file.ts';
export { type RemoveImageOptions, removeImage } from './operations/remove-image.ts';
export { type RemoveSnapshotOptions, removeSnapshot } from './operations/remove-snapshot.ts';
export { type RemoveVolumeOptions, removeVolume } from './operations/remove-volume.ts';
export { type ResizeExecutionOptions, resizeExecution } from './operations/resize-execution.ts';
export { type RestartBoxOptions, restartBox } from './operations/restart-box.ts';
export { type RestoreSnapshotOptions, restoreSnapshot } from './operations/restore-snapshot.ts';
export { type ResumeBoxOptions, resumeBox } from './operations/resume-box.ts';
export { type RevokeApiKeyOptions, revokeApiKey } from './operations/revoke-api-key.ts';
export { type SendExecutionInputOptions, sendExecutionInput } from './operations/send-execution-input.ts';
export { type SignalExecutionOptions, signalExecution } from './operations/signal-execution.ts';
export { type StartBoxOptions, startBox } from './operations/start-box.ts';
export { type StartExecutionOptions, startExecution } from './operations/start-execution.ts';
export { type StatFileOptions, statFile } from './operations/stat-file.ts';
export { type StopBoxOptions, stopBox } from './operations/stop-box.ts';
export { type StreamEventsOptions, streamEvents } from './operations/stream-events.ts';
export { type StreamExecutionOutputOptions, streamExecutionOutput } from './operations/stream-execution-output.ts';
export { type StreamTunnelOptions, streamTunnel } from './operations/stream-tunnel.ts';
export { type UploadFilesOptions, uploadFiles } from './operations/upload-files.ts';
export { type WriteFileOptions, writeFile } from './operations/write-file.ts';
export {
  type ApiKey,
  apiKey,
  type CreateApiKeyRequest,
  type CreatedApiKey,
  createApiKeyRequest,
  createdApiKey,
  type ListApiKeysResponse,
  listApiKeysResponse,
} from './schemas/api-key.ts';
export {
  type AttachExit,
  type AttachMessage,
  type AttachSignal,
  type AttachStdinEof,
  attachExit,
  attachMessage,
  attachSignal,
  attachSignals,
  attachStdinEof,
} from './schemas/attach.ts';
export {
  type Box,
  type BoxStatus,
  box,
  boxStatuses,
  type HealthStatus,
  healthStatuses,
  type ListBoxesResponse,
  listBoxesResponse,
} from './schemas/box.ts';
export {
  type SandboxCapabilities,
  type SandboxConfig,
  type SandboxDefaults,
  sandboxCapabilities,
  sandboxConfig,
  sandboxDefaults,
} from './schemas/config.ts';
export {
  type AdvancedSpec,
  advancedSpec,
  type CreateBoxRequest,
  createBoxRequest,
  type HealthCheckSpec,
  healthCheckSpec,
  type PortSpec,
  portSpec,
  type TmpfsSpec,
  tmpfsSpec,
  type VolumeSpec,
  volumeSpec,
} from './schemas/create-box.ts';
export { type ErrorModel, type ErrorResponse, errorModel, errorResponse } from './schemas/error.ts';
export {
  type BoxEvent,
  type BoxEventType,
  boxEvent,
  boxEventTypes,
  type EventMark,
  eventMark,
} from './schemas/event.ts';
export {
  type ExecRequest,
  execRequest,
  type OutputPolicy,
  type OutputSpec,
  outputPolicies,
  outputSpec,
  type ResizeRequest,
  resizeRequest,
  type SignalRequest,
  signalRequest,
} from './schemas/exec-request.ts';
export {
  type ExecResponse,
  type ExecutionInfo,
  type ExecutionStatus,
  execResponse,
  executionInfo,
  executionStatuses,
  type ListExecutionsResponse,
  listExecutionsResponse,
} from './schemas/execution.ts';
export { type FileInfo, type FileType, fileInfo, fileTypes } from './schemas/file.ts';
export {
  type ImageConfig,
  type ImageDetails,
  type ImageInfo,
  type ImageLayer,
  imageConfig,
  imageDetails,
  imageInfo,
  imageLayer,
  type ListImagesResponse,
  listImagesResponse,
  type PruneImagesRequest,
  type PruneImagesResponse,
  type PullImageRequest,
  pruneImagesRequest,
  pruneImagesResponse,
  pullImageRequest,
} from './schemas/image.ts';
export { type Jwk, type Jwks, jwk, jwks } from './schemas/jwks.ts';
export {
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
} from './schemas/made-with.ts';
export {
  type BootTiming,
  type BoxMetrics,
  bootTiming,
  boxMetrics,
  type RuntimeMetrics,
  runtimeMetrics,
} from './schemas/metrics.ts';
export {
  type BoxNetwork,
  boxNetwork,
  type ListNetworkEventsResponse,
  listNetworkEventsResponse,
  type NetworkEvent,
  type NetworkSwitch,
  networkEvent,
  networkSwitches,
  type PublishedPort,
  publishedPort,
} from './schemas/network.ts';
export {
  allowNet,
  type FlatNetwork,
  flatNetwork,
  type NestedNetwork,
  type NetworkSpec,
  nestedNetwork,
  networkSpec,
  type OutboundNetwork,
} from './schemas/network-spec.ts';
export { type ExitEvent, exitEvent, type OutputEvent, outputEvent } from './schemas/output.ts';
export { type Permission, permissions, scopeGrants } from './schemas/permission.ts';
export { type Principal, principal, principalTypes } from './schemas/principal.ts';
export {
  type DownloadFilesQuery,
  downloadFilesQuery,
  type ExecTtyQuery,
  execTtyQuery,
  type ImportBoxQuery,
  type ImportImageQuery,
  importBoxQuery,
  importImageQuery,
  type ListBoxesQuery,
  type ListDirectoryQuery,
  type ListExecutionsQuery,
  type ListImagesQuery,
  type ListNetworkEventsQuery,
  listBoxesQuery,
  listDirectoryQuery,
  listExecutionsQuery,
  listImagesQuery,
  listNetworkEventsQuery,
  type MakeDirectoryQuery,
  makeDirectoryQuery,
  type OpenTunnelQuery,
  openTunnelQuery,
  type ReadFileQuery,
  type RemoveBoxQuery,
  type RemoveFileQuery,
  type RemoveVolumeQuery,
  readFileQuery,
  removeBoxQuery,
  removeFileQuery,
  removeVolumeQuery,
  type StatFileQuery,
  type StreamEventsQuery,
  type StreamTunnelQuery,
  statFileQuery,
  streamEventsQuery,
  streamTunnelQuery,
  type UploadFilesQuery,
  uploadFilesQuery,
  type WriteFileQuery,
  writeFileQuery,
} from './schemas/query.ts';
export { read, type Schema } from './schemas/schema.ts';
export { type SecurityPreset, securityPresets } from './schemas/security-preset.ts';
export {
  type CloneBoxRequest,
  type CreateSnapshotRequest,
  cloneBoxRequest,
  createSnapshotRequest,
  type ExportBoxRequest,
  exportBoxRequest,
  type ListSnapshotsResponse,
  listSnapshotsResponse,
  type Snapshot,
  snapshot,
} from './schemas/snapshot.ts';
export { type StopBoxRequest, stopBoxRequest } from './schemas/stop-box.ts';
export {
  type TerminalError,
  type TerminalExit,
  type TerminalResize,
  terminalError,
  terminalExit,
  terminalResize,
} from './schemas/terminal.ts';
export {
  type Scope,
  scopes,
  type TokenRequest,
  type TokenResponse,
  tokenRequest,
  tokenResponse,
} from './schemas/token.ts';
export {
  type OpenTunnelResponse,
  openTunnelResponse,
  type TunnelEnd,
  type TunnelError,
  type TunnelOpen,
  type TunnelTaken,
  tunnelEnd,
  tunnelError,
  tunnelOpen,
  tunnelTaken,
} from './schemas/tunnel.ts';
export {
  type CreateVolumeRequest,
  createVolumeRequest,
  type ListVolumesResponse,
  listVolumesResponse,
  type Volume,
  type VolumeState,
  volume,
  volumeStates,
} from './schemas/volume.ts';
