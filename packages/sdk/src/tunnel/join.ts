import type { ByteConnection } from '../backend/network.ts';

/**
 * Carries bytes both ways until both directions have ended; then neither is open. Where one breaks, what the other
 * still has is carried first, unless it broke too. Never rejects.
 */
export async function joinConnections(one: ByteConnection, other: ByteConnection): Promise<void> {
  const directions = await Promise.allSettled([
    one.readable.pipeTo(other.writable),
    other.readable.pipeTo(one.writable),
  ]);
  if (directions.every(({ status }) => status === 'fulfilled')) return;
  await Promise.allSettled([one.close(), other.close()]);
}
