import { terminalResize } from '@boxlite/api';
import { type ExecutionBackend, ExecutionLostError } from 'boxlite/backend';
import type { WebSocket } from 'ws';
import { parseJson } from '../http/json-text.ts';
import { validated } from '../http/validated.ts';
import { inputQueue } from './input-queue.ts';
import { bufferLimitBytes, socketLink, toBuffer } from './socket-link.ts';

/** What a terminal needs of the server. */
export interface TerminalOptions {
  /** Time between pings; a client that misses one whole interval is gone. */
  readonly heartbeatMs: number;
  /** Told of every error that ended a terminal. */
  readonly onStreamError: (error: unknown, requestId: string) => void;
}

const hangUpSignal = 1;

/** Tells a terminal's command that nobody is there any more. */
export function hangUp(execution: ExecutionBackend): void {
  // It may have ended meanwhile, which is what was wanted.
  execution.signal(hangUpSignal).catch(() => {});
}

/**
 * Joins a WebSocket and a command on a terminal. From the client: binary is input, text is
 * `{"type":"resize","cols","rows"}`. To the client: binary is output, text is `{"type":"error","message"}` or, last,
 * `{"type":"exit","exit_code"}`, then close 1000. A client that goes away hangs the terminal up (SIGHUP).
 */
export function terminal(
  socket: WebSocket,
  execution: ExecutionBackend,
  requestId: string,
  options: TerminalOptions,
): void {
  const reading = new AbortController();
  const { say, sayError, send, holdBack } = socketLink(socket, requestId);
  const input = inputQueue(bufferLimitBytes);
  let alive = true;
  let ended = false;

  function enqueue(bytes: number, step: () => Promise<void>): void {
    input.add(bytes, step).catch(sayError);
    holdBack(input);
  }

  async function pump(): Promise<void> {
    try {
      for await (const { data } of execution.output({ signal: reading.signal })) await send(data);
      const info = await execution.wait({ signal: reading.signal });
      ended = true;
      if (info.exitCode === undefined) throw new ExecutionLostError('the exit code of the command is not known');
      say({ type: 'exit', exit_code: info.exitCode });
      socket.close(1000);
    } catch (error) {
      if (reading.signal.aborted) return;
      options.onStreamError(error, requestId);
      sayError(error);
      socket.close(1011);
    }
  }

  const pinging = setInterval(() => {
    // A client held back by a full pipe, its own or the command's, cannot answer: that is no silence.
    if (!alive && !socket.isPaused && socket.bufferedAmount === 0) return socket.terminate();
    alive = false;
    socket.ping();
  }, options.heartbeatMs);

  socket.on('pong', () => {
    alive = true;
  });
  socket.on('message', (data, isBinary) => {
    alive = true;
    const bytes = toBuffer(data);
    if (isBinary) return enqueue(bytes.byteLength, () => execution.write(bytes, { signal: reading.signal }));
    try {
      const { cols, rows } = validated(terminalResize, parseJson(bytes.toString()), 'message');
      enqueue(0, () => execution.resize({ cols, rows }));
    } catch (error) {
      sayError(error);
    }
  });
  // ws closes by itself after an error, such as a frame above the limit.
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(pinging);
    reading.abort();
    if (!ended) hangUp(execution);
  });
  void pump();
}
