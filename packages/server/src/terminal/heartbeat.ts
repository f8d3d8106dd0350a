import type { WebSocket } from 'ws';

/** How many beats in a row a client may leave unanswered. */
export const missedBeats = 3;

/**
 * Finds out whether the client of a WebSocket is there: one that leaves three beats in a row unanswered, says nothing
 * and takes nothing is let go of. A beat is a ping, or what asks for another answer.
 */
export function heartbeat(socket: WebSocket, everyMs: number, beat: () => void = () => socket.ping()): void {
  let missed = 0;
  let buffered = 0;
  const heard = (): void => {
    missed = 0;
  };
  socket.on('pong', heard).on('message', heard);
  const beating = setInterval(() => {
    // While the command takes no input nothing is read from the client, not even its pongs.
    const moves = socket.isPaused || socket.bufferedAmount < buffered;
    buffered = socket.bufferedAmount;
    missed = moves ? 0 : missed + 1;
    if (missed > missedBeats) socket.terminate();
    else beat();
  }, everyMs);
  socket.once('close', () => clearInterval(beating));
}
