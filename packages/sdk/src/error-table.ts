import { type ErrorCode, errorTypes } from './errors.ts';

/** How an error looks on the wire: its `type` and HTTP status. The server and the pages of docs/reference are made from this table. */
export interface ErrorEntry {
  /** The name of the class. */
  readonly type: string;
  /** The HTTP status. */
  readonly status: number;
  /** What it says, in a sentence. */
  readonly meaning: string;
}

/** Every error code, with what it looks like on the wire and what it means. */
export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = {
  invalid_argument: {
    type: errorTypes.invalid_argument,
    status: 400,
    meaning: 'A value is missing, malformed or out of range; the message names the field.',
  },
  unsupported: {
    type: errorTypes.unsupported,
    status: 400,
    meaning: 'This backend or this server cannot do it; nothing was started.',
  },
  unauthenticated: {
    type: errorTypes.unauthenticated,
    status: 401,
    meaning: 'No credential, or one that is wrong or expired.',
  },
  permission_denied: {
    type: errorTypes.permission_denied,
    status: 403,
    meaning: 'The credential is good but lacks the scope.',
  },
  not_found: { type: errorTypes.not_found, status: 404, meaning: 'No such box, execution, image or path.' },
  already_exists: { type: errorTypes.already_exists, status: 409, meaning: 'The name is taken.' },
  invalid_state: { type: errorTypes.invalid_state, status: 409, meaning: 'Not possible in the present state.' },
  stopped: { type: errorTypes.stopped, status: 409, meaning: 'The box or the runtime was stopped meanwhile.' },
  execution_lost: {
    type: errorTypes.execution_lost,
    status: 410,
    meaning: 'The execution ended without anyone learning how; its exit code is unknown.',
  },
  output_truncated: {
    type: errorTypes.output_truncated,
    status: 410,
    meaning: 'The output log reached its size limit; what came later was dropped.',
  },
  payload_too_large: {
    type: errorTypes.payload_too_large,
    status: 413,
    meaning: 'The body is larger than the limit in the configuration.',
  },
  image_failed: {
    type: errorTypes.image_failed,
    status: 422,
    meaning: 'An image could not be found, pulled or unpacked.',
  },
  execution_failed: { type: errorTypes.execution_failed, status: 422, meaning: 'The command could not be started.' },
  resource_exhausted: {
    type: errorTypes.resource_exhausted,
    status: 429,
    meaning: 'A limit on boxes, executions, disk or requests is reached.',
  },
  storage_failed: { type: errorTypes.storage_failed, status: 500, meaning: 'The store or the disk failed.' },
  internal: { type: errorTypes.internal, status: 500, meaning: 'A fault of BoxLite itself.' },
  network_failed: {
    type: errorTypes.network_failed,
    status: 502,
    meaning: 'The server or a registry could not be reached, or the connection broke.',
  },
  engine_failed: {
    type: errorTypes.engine_failed,
    status: 503,
    meaning: 'The engine that isolates boxes is missing or failed.',
  },
  timeout: { type: errorTypes.timeout, status: 504, meaning: 'It took longer than allowed.' },
};
