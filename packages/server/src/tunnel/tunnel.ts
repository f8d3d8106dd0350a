import { type ByteConnection, joinConnections, tunnelEnd } from 'boxlite/backend';
import type { WebSocket } from 'ws';
import { errorAnswer, errorBody } from '../http/error-answer.ts';
import type { Generation } from '../http/generation.ts';
import { heartbeat } from '../terminal/heartbeat.ts';
import { toBuffer } from '../terminal/socket-link.ts';

/** What a tunnel needs of the server. */
export interface TunnelOptions {
  /** Time between beats of the {@link heartbeat}. */
  readonly heartbeatMs: number;
  /** For whose clients an error is worded. */
  readonly generation: Generation;
}

/**
 * Joins a WebSocket to a connection that is made once it is open. First comes `{"type":"open"}`, or
 * `{"type":"error","error"}` and close 1011; then bytes as `tunnelEnd` of the SDK has them.
 */
export function tunnel(
  socket: WebSocket,
  dial: (signal: AbortSignal) => Promise<ByteConnection>,
  requestId: string,
  { heartbeatMs, generation }: TunnelOptions,
): void {
  const leaving = new AbortController();
  const end = tunnelEnd({ send: (data) => socket.send(data), close: (code) => socket.close(code) });
  heartbeat(socket, { everyMs: heartbeatMs });
  // ws closes by itself after an error, such as a frame above the limit.
  socket.on('error', () => {});
  socket.on('close', () => {
    leaving.abort(new Error('the client went away'));
    end.lost(new Error('the client went away'));
  });

  async function join(): Promise<void> {
    // Nothing may come before the answer; what does, waits.
    socket.pause();
    try {
      const inner = await dial(leaving.signal);
      socket.on('message', (data, isBinary) => {
        const bytes = toBuffer(data);
        end.receive(isBinary ? bytes : bytes.toString());
      });
      socket.send(JSON.stringify({ type: 'open' }));
      socket.resume();
      await joinConnections(end.connection, inner);
    } catch (error) {
      socket.resume();
      socket.send(JSON.stringify({ type: 'error', ...errorBody(errorAnswer(error, requestId), generation) }));
      socket.close(1011);
    }
  }
  void join();
}
