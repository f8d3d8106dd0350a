import { constants } from 'node:os';
import type { LocalExecution } from '../execution/local-execution.ts';
import type { GuestChannel } from '../guest/channel.ts';
import { stopSignalNumber } from './stop-signal.ts';
import { within } from './within.ts';

// What a guest may take, after the grace that a stop gives, to end itself.
const endMs = 2000;

export interface EndGuestOptions {
  readonly graceMs: number;
  /** The main command, where it runs, and the signal by which its image wants to be stopped. */
  readonly main: LocalExecution | undefined;
  readonly stopSignal: string | undefined;
  /** Ends the guest at once. */
  readonly kill: () => Promise<void>;
}

/**
 * Ends what runs behind a channel: its own stop signal to the main command, TERM to all else once that has ended, KILL
 * after the grace.
 */
export async function endGuest(channel: GuestChannel, options: EndGuestOptions): Promise<void> {
  const { graceMs, main, kill } = options;
  // Not the time of day: a clock that is set meanwhile would take the grace away, or make it endless.
  const deadline = performance.now() + graceMs;
  const signal = stopSignalNumber(options.stopSignal);
  if (graceMs > 0 && main?.running && signal !== constants.signals.SIGTERM) {
    channel.signal(main.record.number, signal);
    await within(Promise.race([main.wait(), channel.closed]), graceMs);
  }
  const leftMs = Math.min(Math.ceil(deadline - performance.now()), 2_147_483_647);
  if (leftMs > 0) {
    channel.shutdown(leftMs);
    await within(channel.closed, leftMs + endMs);
  }
  await kill();
  await within(channel.closed, endMs);
  channel.close();
}
