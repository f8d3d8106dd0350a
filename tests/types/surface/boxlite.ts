// Compiled against the shipped types by ../types.test.ts; nothing here runs.
import type {
  BoxEvent,
  BoxInfo,
  BoxliteErrorOptions,
  BoxOptions,
  BoxStatus,
  CallOptions,
  CodeResult,
  Execution,
  ExecutionInfo,
  ExecutionResult,
  Forward,
  HealthCheckOptions,
  HealthStatus,
  ImageDetails,
  ImageInfo,
  NetworkEvent,
  OpenEvent,
  OutputChunk,
  OutputOptions,
  ResetEvent,
  RetryOptions,
  RunResult,
  RuntimeBackend,
  RuntimeConfig,
  RuntimeEvent,
  RuntimeMetrics,
  SignalName,
  SnapshotInfo,
  StartExecutionOptions,
  StdinSource,
  Tunnel,
  VolumeInfo,
} from 'boxlite';
import {
  AlreadyExistsError,
  ApiKeyCredential,
  type Box,
  Boxlite,
  type BoxliteError,
  BoxliteRestOptions,
  type ClientCredentials,
  CodeBox,
  type Credential,
  type ErrorCode,
  InteractiveBox,
  lines,
  type NotFoundError,
  SimpleBox,
  text,
} from 'boxlite';
import { openLocal } from 'boxlite/local';
import { expectTypeOf } from 'expect-type';

declare const runtime: Boxlite;
declare const box: Box;
declare const execution: Execution;

// Making runtimes.
expectTypeOf(Boxlite.local).returns.resolves.toEqualTypeOf<Boxlite>();
expectTypeOf(Boxlite.rest).parameters.toEqualTypeOf<[options: BoxliteRestOptions]>();
expectTypeOf(Boxlite.rest).returns.toEqualTypeOf<Boxlite>();
expectTypeOf(Boxlite.over).parameters.toEqualTypeOf<[backend: RuntimeBackend]>();
expectTypeOf(openLocal).returns.resolves.toEqualTypeOf<RuntimeBackend>();
expectTypeOf<Boxlite>().toExtend<AsyncDisposable>();
expectTypeOf<Boxlite>().not.toExtend<Disposable>();
expectTypeOf(BoxliteRestOptions.fromEnv()).toEqualTypeOf<BoxliteRestOptions>();
expectTypeOf(ApiKeyCredential.fromEnv()).toEqualTypeOf<ApiKeyCredential | null>();
expectTypeOf<ApiKeyCredential>().toExtend<Credential>();
expectTypeOf<ClientCredentials>().toExtend<Credential>();

// Boxes of a runtime.
expectTypeOf(runtime.create).parameters.toEqualTypeOf<
  [options?: BoxOptions | undefined, name?: string | undefined, call?: CallOptions | undefined]
>();
expectTypeOf(runtime.create).returns.resolves.toEqualTypeOf<Box>();
expectTypeOf(runtime.getOrCreate({}, 'a')).resolves.toEqualTypeOf<{ readonly box: Box; readonly created: boolean }>();
expectTypeOf(runtime.get('a')).resolves.toEqualTypeOf<Box | null>();
expectTypeOf(runtime.getInfo('a')).resolves.toEqualTypeOf<BoxInfo | null>();
expectTypeOf(runtime.exists('a')).resolves.toEqualTypeOf<boolean>();
expectTypeOf(runtime.list()).toEqualTypeOf<AsyncGenerator<Box, void, undefined>>();
expectTypeOf(runtime.listInfo()).resolves.toEqualTypeOf<BoxInfo[]>();
expectTypeOf(runtime.remove('a', { force: true })).resolves.toEqualTypeOf<void>();
expectTypeOf<Parameters<Boxlite['importBox']>[0]>().toEqualTypeOf<string | ReadableStream<Uint8Array>>();
expectTypeOf(runtime.metrics()).resolves.toEqualTypeOf<RuntimeMetrics>();
expectTypeOf(runtime.config()).resolves.toEqualTypeOf<RuntimeConfig>();
expectTypeOf(runtime.events()).toEqualTypeOf<AsyncGenerator<RuntimeEvent, void, undefined>>();
expectTypeOf<RuntimeEvent>().toEqualTypeOf<BoxEvent | OpenEvent | ResetEvent>();
expectTypeOf(runtime.images.pull('a')).resolves.toEqualTypeOf<ImageInfo>();
expectTypeOf(runtime.images.get('a')).resolves.toEqualTypeOf<ImageDetails | null>();
expectTypeOf(runtime.volumes.create()).resolves.toEqualTypeOf<VolumeInfo>();
expectTypeOf(runtime.volumes.list()).resolves.toEqualTypeOf<readonly VolumeInfo[]>();

// A box.
expectTypeOf<Box>().toExtend<AsyncDisposable>();
expectTypeOf(box.id).toEqualTypeOf<string>();
expectTypeOf(box.name).toEqualTypeOf<string | undefined>();
expectTypeOf(box.start()).resolves.toEqualTypeOf<BoxInfo>();
expectTypeOf(box.exec).parameters.toEqualTypeOf<
  [command: string, args?: readonly string[] | undefined, options?: StartExecutionOptions | undefined]
>();
expectTypeOf(box.exec).returns.resolves.toEqualTypeOf<Execution>();
expectTypeOf(box.run('a')).resolves.toEqualTypeOf<RunResult>();
expectTypeOf<RunResult>().toExtend<ExecutionResult>();
expectTypeOf(box.files.read('a')).resolves.toEqualTypeOf<Uint8Array>();
expectTypeOf(box.copyOut).parameter(1).toEqualTypeOf<string | WritableStream<Uint8Array>>();
expectTypeOf(box.export()).resolves.toEqualTypeOf<ReadableStream<Uint8Array>>();
expectTypeOf(box.snapshots.create('a')).resolves.toEqualTypeOf<SnapshotInfo>();
expectTypeOf(box.network.events()).resolves.toEqualTypeOf<readonly NetworkEvent[]>();
expectTypeOf(box.network.tunnel(80)).toEqualTypeOf<Tunnel>();
expectTypeOf(box.network.tunnel(80).forward()).resolves.toEqualTypeOf<Forward>();
expectTypeOf<BoxInfo['status']>().toEqualTypeOf<BoxStatus>();
expectTypeOf<BoxStatus>().toEqualTypeOf<
  'configured' | 'running' | 'paused' | 'stopping' | 'stopped' | 'failed' | 'unknown'
>();

// An execution: bytes, never text, until one asks for text.
expectTypeOf(execution.stdin).toEqualTypeOf<WritableStream<Uint8Array>>();
expectTypeOf(execution.stdout).toEqualTypeOf<ReadableStream<Uint8Array>>();
expectTypeOf(execution.output()).toEqualTypeOf<AsyncGenerator<OutputChunk, void, undefined>>();
expectTypeOf<OutputChunk['data']>().toEqualTypeOf<Uint8Array>();
expectTypeOf(execution.wait()).resolves.toEqualTypeOf<ExecutionResult>();
expectTypeOf<ExecutionResult['exitCode']>().toEqualTypeOf<number>();
expectTypeOf<ExecutionInfo['exitCode']>().toEqualTypeOf<number | undefined>();
expectTypeOf(execution.signal).parameter(0).toEqualTypeOf<SignalName | number>();
expectTypeOf<'SIGTERM'>().toExtend<SignalName>();
expectTypeOf<'TERM'>().not.toExtend<SignalName>();
expectTypeOf<StdinSource>().toEqualTypeOf<string | Uint8Array | ReadableStream<Uint8Array>>();
expectTypeOf(text).parameters.toEqualTypeOf<[stream: AsyncIterable<Uint8Array>]>();
expectTypeOf(text).returns.resolves.toEqualTypeOf<string>();
expectTypeOf(lines(execution.stdout)).toEqualTypeOf<AsyncGenerator<string, void, undefined>>();

// Boxes for one purpose.
expectTypeOf(SimpleBox.create()).resolves.toEqualTypeOf<SimpleBox>();
expectTypeOf(CodeBox.create()).resolves.toEqualTypeOf<CodeBox>();
expectTypeOf<CodeBox>().toExtend<SimpleBox>();
expectTypeOf<CodeBox['run']>().returns.resolves.toEqualTypeOf<string>();
expectTypeOf<CodeBox['context']>().returns.resolves.toHaveProperty('run').returns.resolves.toEqualTypeOf<CodeResult>();
expectTypeOf(InteractiveBox.create()).resolves.toEqualTypeOf<InteractiveBox>();

// Errors: told apart by class or by a literal code.
expectTypeOf<NotFoundError>().toExtend<BoxliteError>();
expectTypeOf<BoxliteError>().toExtend<Error>();
expectTypeOf<BoxliteError['code']>().toEqualTypeOf<ErrorCode>();
expectTypeOf<'not_found'>().toExtend<ErrorCode>();
expectTypeOf<string>().not.toExtend<ErrorCode>();
expectTypeOf(AlreadyExistsError).toBeConstructibleWith('taken', {} satisfies BoxliteErrorOptions);

// What is within options and answers has a name that a program can use.
expectTypeOf<BoxOptions['healthCheck']>().toEqualTypeOf<HealthCheckOptions | undefined>();
expectTypeOf<StartExecutionOptions['output']>().toEqualTypeOf<OutputOptions | undefined>();
expectTypeOf<BoxInfo['healthStatus']>().toEqualTypeOf<HealthStatus | undefined>();
expectTypeOf<BoxliteRestOptions['retries']>().toEqualTypeOf<RetryOptions | undefined>();
