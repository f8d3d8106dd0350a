/** The literal `code` of a {@link BoxliteError}. */
export type ErrorCode =
  | 'invalid_argument'
  | 'unsupported'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'already_exists'
  | 'invalid_state'
  | 'stopped'
  | 'execution_lost'
  | 'output_truncated'
  | 'payload_too_large'
  | 'image_failed'
  | 'execution_failed'
  | 'resource_exhausted'
  | 'storage_failed'
  | 'internal'
  | 'network_failed'
  | 'engine_failed'
  | 'timeout';

/** The `type` of each code on the wire, which is the name of its class. */
export const errorTypes: Readonly<Record<ErrorCode, string>> = {
  invalid_argument: 'InvalidArgumentError',
  unsupported: 'UnsupportedError',
  unauthenticated: 'UnauthorizedError',
  permission_denied: 'PermissionError',
  not_found: 'NotFoundError',
  already_exists: 'AlreadyExistsError',
  invalid_state: 'InvalidStateError',
  stopped: 'StoppedError',
  execution_lost: 'ExecutionLostError',
  output_truncated: 'OutputTruncatedError',
  payload_too_large: 'PayloadTooLargeError',
  image_failed: 'ImageError',
  execution_failed: 'ExecutionError',
  resource_exhausted: 'ResourceExhaustedError',
  storage_failed: 'StorageError',
  internal: 'InternalError',
  network_failed: 'NetworkError',
  engine_failed: 'EngineError',
  timeout: 'TimeoutError',
};

/** What an error may carry beside its message. */
export interface BoxliteErrorOptions extends ErrorOptions {
  /** The server's `X-Request-Id`, where there is one. @default none */
  readonly requestId?: string | undefined;
}

/** Everything that BoxLite throws on purpose; tell the kinds apart by `code` or by class. */
export class BoxliteError extends Error {
  /** The name of its class. */
  override readonly name: string = 'BoxliteError';
  /** Which kind of error it is; the same on both backends. */
  readonly code: ErrorCode;
  /** The server's `X-Request-Id`, to quote to whoever runs it; undefined on this machine. */
  readonly requestId: string | undefined;
  constructor(code: ErrorCode, message: string, options: BoxliteErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.requestId = options.requestId;
  }
}

type ErrorClass = new (message: string, options?: BoxliteErrorOptions) => BoxliteError;

/** `invalid_argument`: a value is missing, malformed or out of range; the message names the field. */
export class InvalidArgumentError extends BoxliteError {
  override readonly name = 'InvalidArgumentError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('invalid_argument', message, options);
  }
}
/** `unsupported`: this backend or this server cannot do it; nothing was started. */
export class UnsupportedError extends BoxliteError {
  override readonly name = 'UnsupportedError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('unsupported', message, options);
  }
}
/** `unauthenticated`: no credential, or one that is wrong or expired. */
export class UnauthorizedError extends BoxliteError {
  override readonly name = 'UnauthorizedError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('unauthenticated', message, options);
  }
}
/** `permission_denied`: the credential is good but lacks the scope. */
export class PermissionError extends BoxliteError {
  override readonly name = 'PermissionError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('permission_denied', message, options);
  }
}
/** `not_found`: no such box, execution, image or path. */
export class NotFoundError extends BoxliteError {
  override readonly name = 'NotFoundError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('not_found', message, options);
  }
}
/** `already_exists`: the name is taken. */
export class AlreadyExistsError extends BoxliteError {
  override readonly name = 'AlreadyExistsError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('already_exists', message, options);
  }
}
/** `invalid_state`: not possible in the present state. */
export class InvalidStateError extends BoxliteError {
  override readonly name = 'InvalidStateError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('invalid_state', message, options);
  }
}
/** `stopped`: the box or the runtime was stopped meanwhile. */
export class StoppedError extends BoxliteError {
  override readonly name = 'StoppedError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('stopped', message, options);
  }
}
/** `execution_lost`: the execution ended without anyone learning how; its exit code is unknown. */
export class ExecutionLostError extends BoxliteError {
  override readonly name = 'ExecutionLostError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('execution_lost', message, options);
  }
}
/** `output_truncated`: the output log reached its size limit; what came later was dropped. */
export class OutputTruncatedError extends BoxliteError {
  override readonly name = 'OutputTruncatedError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('output_truncated', message, options);
  }
}
/** `payload_too_large`: the body is larger than the limit in the configuration. */
export class PayloadTooLargeError extends BoxliteError {
  override readonly name = 'PayloadTooLargeError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('payload_too_large', message, options);
  }
}
/** `image_failed`: an image could not be found, pulled or unpacked. */
export class ImageError extends BoxliteError {
  override readonly name = 'ImageError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('image_failed', message, options);
  }
}
/** `execution_failed`: the command could not be started. */
export class ExecutionError extends BoxliteError {
  override readonly name = 'ExecutionError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('execution_failed', message, options);
  }
}
/** `resource_exhausted`: a limit on boxes, executions, disk or requests is reached. */
export class ResourceExhaustedError extends BoxliteError {
  override readonly name = 'ResourceExhaustedError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('resource_exhausted', message, options);
  }
}
/** `storage_failed`: the store or the disk failed. */
export class StorageError extends BoxliteError {
  override readonly name = 'StorageError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('storage_failed', message, options);
  }
}
/** `internal`: a fault of BoxLite itself. */
export class InternalError extends BoxliteError {
  override readonly name = 'InternalError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('internal', message, options);
  }
}
/** `network_failed`: the server or a registry could not be reached, or the connection broke. */
export class NetworkError extends BoxliteError {
  override readonly name = 'NetworkError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('network_failed', message, options);
  }
}
/** `engine_failed`: the engine that isolates boxes is missing or failed. */
export class EngineError extends BoxliteError {
  override readonly name = 'EngineError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('engine_failed', message, options);
  }
}
/** `timeout`: it took longer than allowed. */
export class TimeoutError extends BoxliteError {
  override readonly name = 'TimeoutError';
  constructor(message: string, options?: BoxliteErrorOptions) {
    super('timeout', message, options);
  }
}

const classes: Record<ErrorCode, ErrorClass> = {
  invalid_argument: InvalidArgumentError,
  unsupported: UnsupportedError,
  unauthenticated: UnauthorizedError,
  permission_denied: PermissionError,
  not_found: NotFoundError,
  already_exists: AlreadyExistsError,
  invalid_state: InvalidStateError,
  stopped: StoppedError,
  execution_lost: ExecutionLostError,
  output_truncated: OutputTruncatedError,
  payload_too_large: PayloadTooLargeError,
  image_failed: ImageError,
  execution_failed: ExecutionError,
  resource_exhausted: ResourceExhaustedError,
  storage_failed: StorageError,
  internal: InternalError,
  network_failed: NetworkError,
  engine_failed: EngineError,
  timeout: TimeoutError,
};

/** The error for a box that is not there. */
export function boxNotFound(idOrName: string): NotFoundError {
  return new NotFoundError(
    `box not found: ${idOrName}; it was removed or never made: list the boxes to see those there are`,
  );
}

/** Makes the error of the class that belongs to a code. */
export function boxliteError(code: ErrorCode, message: string, options?: BoxliteErrorOptions): BoxliteError {
  return new classes[code](message, options);
}
