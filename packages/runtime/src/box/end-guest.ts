import type { GuestChannel } from '../guest/channel.ts';
import { within } from './within.ts';

// What a guest may take, after the grace that a stop gives, to end itself.
const endMs = 2000;

/** Ends what runs behind a channel: TERM to all, KILL after the grace, then `kill`, which ends the guest itself. */
export async function endGuest(channel: GuestChannel, graceMs: number, kill: () => Promise<void>): Promise<void> {
  if (graceMs > 0) {
    channel.shutdown(Math.min(graceMs, 2_147_483_647));
    await within(channel.closed, graceMs + endMs);
  }
  await kill();
  await within(channel.closed, endMs);
  channel.close();
}
