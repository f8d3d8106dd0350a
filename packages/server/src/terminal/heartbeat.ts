import type { WebSocket } from 'ws';

/** How many beats in a row a client may leave unanswered. */
export const missedBeats = 3;

/** How a {@link heartbeat} beats. */
export interface HeartbeatOptions {
  readonly everyMs: number;
  /** A ping, or what asks for another answer. @default a ping */
  readonly beat?: () => void;
  /** Whether a client may take nothing for as long as TCP holds: for what cannot be taken up again once it is let go of. @default false */
  readonly mayStall?: boolean;
}

/**
 * Finds out whether the client of a WebSocket is there: one that leaves three beats in a row unanswered, says nothing
 * and takes nothing is let go of.
 */
export function heartbeat(
  socket: WebSocket,
  { everyMs, beat = () => socket.ping(), mayStall = false }: HeartbeatOptions,
): void {
  let missed = 0;
  let buffered = 0;
  const heard = (): void => {
    missed = 0;
  };
  socket.on('pong', heard).on('message', heard);
  const beating = setInterval(() => {
    const waiting = socket.bufferedAmount;
    // While the command takes no input nothing is read from the client, not even its pongs.
    const moves = socket.isPaused || waiting < buffered || (mayStall && waiting > 0);
    buffered = waiting;
    missed = moves ? 0 : missed + 1;
    if (missed > missedBeats) socket.terminate();
    else beat();
  }, everyMs);
  socket.once('close', () => clearInterval(beating));
}
