import type { WebSocket } from 'ws';
import { parseJson } from '../http/json-text.ts';
import type { InputQueue } from './input-queue.ts';
import { type SocketLink, socketLink, toBuffer } from './socket-link.ts';

/** What conversations need of the server. */
export interface ConversationOptions {
  /** Time between beats of the {@link heartbeat}. */
  readonly heartbeatMs: number;
  /** Told of every error that ended a conversation. */
  readonly onStreamError: (error: unknown, requestId: string) => void;
}

/** The side of a command in a conversation. */
export interface Partner {
  readonly input: InputQueue;
  /** Gives input to the command, in its turn. */
  readonly write: (bytes: Buffer) => Promise<void>;
  /** Does what a text message says; what it throws is told the client. */
  readonly obey: (message: unknown) => Promise<void>;
  /** Sends all output, and gives the message that says how the command ended. */
  readonly pour: () => Promise<object>;
  /** The WebSocket is closed, with this code. */
  readonly left: (code: number) => void;
}

/**
 * Joins a WebSocket and a command. From the client: binary is input, text is JSON. To the client: what the partner sends;
 * then the end and close 1000, or `{"type":"error","message"}` and close 1011. `gone` aborts when the client leaves.
 */
export function converse(
  socket: WebSocket,
  requestId: string,
  { onStreamError }: ConversationOptions,
  begin: (link: SocketLink, gone: AbortSignal) => Partner,
): void {
  const gone = new AbortController();
  const link = socketLink(socket, requestId);
  const { say, sayError, holdBack } = link;
  const { input, write, obey, pour, left } = begin(link, gone.signal);

  async function pump(): Promise<void> {
    try {
      say(await pour());
      socket.close(1000);
    } catch (error) {
      if (gone.signal.aborted) return;
      onStreamError(error, requestId);
      sayError(error);
      socket.close(1011);
    }
  }

  socket.on('message', (data, isBinary) => {
    const bytes = toBuffer(data);
    if (isBinary) input.add(bytes.byteLength, () => write(bytes)).catch(sayError);
    else (async () => obey(parseJson(bytes.toString())))().catch(sayError);
    holdBack(input);
  });
  // ws closes by itself after an error, such as a frame above the limit.
  socket.on('error', () => {});
  socket.once('close', (code) => {
    gone.abort();
    left(code);
  });
  // What the clients before this one sent may wait still.
  holdBack(input);
  void pump();
}
