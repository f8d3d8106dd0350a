import { SchemaError, StatusError, TransportError } from '@boxlite/rest';
import { type BoxliteError, boxliteError, type ErrorCode, errorTypes, InternalError, NetworkError } from '../errors.ts';

/** Types of other servers of this protocol that are not in the error table; a type not known falls to the status. */
const otherTypes: Readonly<Record<string, ErrorCode>> = {
  DatabaseError: 'storage_failed',
  MetadataError: 'storage_failed',
  PortalError: 'network_failed',
  RpcError: 'network_failed',
  RpcTransportError: 'network_failed',
  UpstreamUnavailableError: 'network_failed',
  SessionReapedError: 'execution_lost',
  SessionReaped: 'execution_lost',
};

const otherCodes: Readonly<Record<string, ErrorCode>> = {
  image_pull_failed: 'image_failed',
  session_reaped: 'execution_lost',
  network_unavailable: 'network_failed',
  upstream_unavailable: 'network_failed',
  engine_unavailable: 'engine_failed',
  storage_error: 'storage_failed',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'unsupported',
  408: 'timeout',
  409: 'invalid_state',
  410: 'execution_lost',
  413: 'payload_too_large',
  422: 'invalid_argument',
  429: 'resource_exhausted',
  501: 'unsupported',
  502: 'network_failed',
  503: 'network_failed',
  504: 'timeout',
};

const byType: ReadonlyMap<string, ErrorCode> = new Map([
  ...codes().map((code): [string, ErrorCode] => [errorTypes[code], code]),
  ...Object.entries(otherTypes),
]);

function codes(): ErrorCode[] {
  return Object.keys(errorTypes).filter((code): code is ErrorCode => code in errorTypes);
}

/** The error of the SDK for anything that a REST call threw; aborts and `BoxliteError`s come back as they are. */
export function restError(error: unknown, url: string): unknown {
  if (error instanceof StatusError) {
    const model = errorModelOf(error.body);
    const code = codeOf(model, error.status);
    const known = typeof model?.message === 'string' && model.message !== '';
    const message = known ? String(model.message) : `${error.message} (HTTP ${error.status} from ${url})`;
    const id = error.requestId ?? (typeof model?.request_id === 'string' ? model.request_id : undefined);
    return boxliteError(code, message, { cause: error, requestId: id });
  }
  if (error instanceof TransportError) {
    return new NetworkError(`cannot reach ${url}: ${error.message}; check the url and that the server runs`, {
      cause: error,
    });
  }
  if (error instanceof SchemaError) {
    return new InternalError(`the server's answer from ${url} is not what this version expects: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}

/** The error that an `error` event of an output stream tells: an error model, an envelope of one, or plain text. */
export function eventError(data: unknown): BoxliteError {
  const model = errorModelOf(data) ?? asModel(data);
  const status = typeof model?.code === 'number' ? model.code : 500;
  const message = typeof model?.message === 'string' ? model.message : String(data);
  return boxliteError(codeOf(model, status), message);
}

interface LooseModel {
  readonly message?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly request_id?: unknown;
}

/** `{error}`, or FastAPI's `{detail: {error}}`. */
function errorModelOf(body: unknown): LooseModel | undefined {
  const top = asRecord(body);
  return asModel(top?.['error']) ?? asModel(asRecord(top?.['detail'])?.['error']);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function asModel(value: unknown): LooseModel | undefined {
  return asRecord(value);
}

/** The type decides, then a code in words, then the status. */
function codeOf(model: LooseModel | undefined, status: number): ErrorCode {
  const type = typeof model?.type === 'string' ? byType.get(model.type) : undefined;
  if (type !== undefined) return type;
  const word = typeof model?.code === 'string' ? model.code : '';
  const named =
    codes().find((code) => code === word) ?? (Object.hasOwn(otherCodes, word) ? otherCodes[word] : undefined);
  return named ?? byStatus[status] ?? 'internal';
}
