import type { ExecResponse } from '@boxlite/api';
import type { Query } from '@boxlite/rest';
import { NetworkError } from '../errors.ts';
import type { Connection } from './connection.ts';

const patienceMs = 10_000;

/**
 * Sends a request that starts a command once more, with its key, for the id of what the first one started. `NetworkError`
 * where the server knows no keys, and would start another.
 */
export async function askAgain(connection: Connection, request: Query<ExecResponse>): Promise<string> {
  const { idempotency_key_lifetime: lifetime } = await connection.capabilities();
  if (lifetime == null) throw new NetworkError('the server started a command, but did not tell its id');
  const { execution_id } = await connection.send(request, { signal: AbortSignal.timeout(patienceMs) });
  return execution_id;
}
