export type { RetryOptions } from '@boxlite/rest';
export type { ApiKeys } from './api-keys.ts';
export type { ApiKeyInfo, CreateApiKeyOptions, PrincipalInfo } from './backend/account.ts';
export type {
  CallOptions,
  DownloadOptions,
  NetworkEventsOptions,
  OutputChunk,
  OutputCursor,
  ReadOutputOptions,
  RemoveBoxOptions,
  RemoveVolumeOptions,
  RuntimeBackend,
  ShutdownOptions,
  StopOptions,
  UploadOptions,
} from './backend/backend.ts';
export type {
  BoxOptions,
  CapabilityOptions,
  Environment,
  HealthCheckOptions,
  HostVolumeOptions,
  ManagedVolumeOptions,
  OutputOptions,
  PortOptions,
  SecurityPreset,
  TerminalSize,
  TmpfsOptions,
  VolumeOptions,
} from './backend/box-options.ts';
export type {
  BoxEvent,
  BoxEventType,
  EventsOptions,
  OpenEvent,
  ResetEvent,
  RuntimeEvent,
} from './backend/events.ts';
export type { FileInfo, FileType } from './backend/files.ts';
export type {
  ImageConfig,
  ImageDetails,
  ImageInfo,
  ImageLayer,
  PruneImagesOptions,
  PruneResult,
  PullProgress,
} from './backend/images.ts';
export type {
  BootTiming,
  BoxInfo,
  BoxMetrics,
  BoxStatus,
  ExecutionInfo,
  ExecutionStatus,
  HealthStatus,
  RuntimeConfig,
  RuntimeMetrics,
  SnapshotInfo,
  VolumeInfo,
  VolumeState,
} from './backend/info.ts';
export type {
  BoxliteOptions,
  ImageRegistryOptions,
  RegistryPolicyOptions,
  WarmOptions,
} from './backend/local-options.ts';
export type {
  ByteConnection,
  NetworkEvent,
  NetworkInfo,
  NetworkOptions,
  PublishedPort,
} from './backend/network.ts';
export { Box } from './box.ts';
export { Boxlite, type ListOptions } from './boxlite.ts';
export {
  BrowserBox,
  type BrowserBoxOptions,
  type BrowserStartOptions,
  type CdpConnector,
} from './convenience/browser-box.ts';
export { CodeBox, type RunCodeOptions } from './convenience/code-box.ts';
export {
  CodeContext,
  type CodeContextOptions,
  type CodeOutcome,
  type CodeResult,
  type RunInContextOptions,
} from './convenience/code-context.ts';
export type { CodeFailure } from './convenience/code-message.ts';
export {
  ComputerBox,
  type ComputerBoxOptions,
  type DesktopReadyOptions,
  type ScrollDirection,
} from './convenience/computer-box.ts';
export type { ScreenSize } from './convenience/desktop.ts';
export { InteractiveBox, type InteractiveBoxOptions } from './convenience/interactive-box.ts';
export type { Screenshot } from './convenience/screenshot.ts';
export { SimpleBox, type SimpleBoxOptions } from './convenience/simple-box.ts';
export type { CopyOptions, CopyProgress } from './copy-options.ts';
export {
  AlreadyExistsError,
  BoxliteError,
  type BoxliteErrorOptions,
  EngineError,
  type ErrorCode,
  ExecutionError,
  ExecutionLostError,
  ImageError,
  InternalError,
  InvalidArgumentError,
  InvalidStateError,
  NetworkError,
  NotFoundError,
  OutputTruncatedError,
  PayloadTooLargeError,
  PermissionError,
  ResourceExhaustedError,
  StoppedError,
  StorageError,
  TimeoutError,
  UnauthorizedError,
  UnsupportedError,
} from './errors.ts';
export { Execution, type ExecutionResult } from './execution.ts';
export type {
  BoxFiles,
  MakeDirectoryOptions,
  ReadFileOptions,
  RemoveFileOptions,
  StatFileOptions,
  WriteFileOptions,
} from './files.ts';
export type { Forward, ForwardOptions } from './host/forward.ts';
export { Images, type PullImageOptions } from './images.ts';
export type { BoxNetwork, Tunnel } from './network.ts';
export {
  type AccessToken,
  ApiKeyCredential,
  ClientCredentials,
  type ClientCredentialsOptions,
  type Credential,
  type TokenServer,
} from './rest/credential.ts';
export { BoxliteRestOptions } from './rest/options.ts';
export type { RunResult } from './run.ts';
export type { SignalName } from './signal-number.ts';
export type { Snapshots } from './snapshots.ts';
export type { StartExecutionOptions, StdinSource } from './start-execution.ts';
export { lines, text } from './text.ts';
export type { Volumes } from './volumes.ts';
