import type { ExecResponse } from '@boxlite/api';
import { type Query, StatusError, TransportError } from '@boxlite/rest';
import { BoxliteError, NetworkError } from '../errors.ts';
import type { Connection } from './connection.ts';

const patienceMs = 10_000;

/**
 * Sends a request that starts a command once more, with its key, for the id of what the first one started. `NetworkError`
 * where that does not come, or where the server knows no keys, and would start another.
 */
export async function askAgain(connection: Connection, request: Query<ExecResponse>): Promise<string> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const { idempotency_key_lifetime: lifetime } = await connection.capabilities();
    if (lifetime == null) throw new NetworkError('the server started a command, but did not tell its id');
    return (await request.send(connection.client, { signal })).execution_id;
  } catch (error) {
    if (!signal.aborted) throw connection.failure(error);
    const seconds = patienceMs / 1000;
    throw new NetworkError(`the server did not tell within ${seconds} s which command it started`, { cause: error });
  }
}

/** The same after a failure, where a command may have started nevertheless: not after a refusal, nor when nothing came. */
export async function askLost(
  connection: Connection,
  request: Query<ExecResponse>,
  failure: unknown,
): Promise<string | undefined> {
  const { cause } = failure instanceof BoxliteError ? failure : {};
  const passed = cause instanceof TransportError || (cause instanceof StatusError && [502, 504].includes(cause.status));
  return failure === undefined || passed ? askAgain(connection, request) : undefined;
}
