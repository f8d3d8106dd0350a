import { terminalResize } from '@boxlite/api';
import { type ExecutionBackend, ExecutionLostError } from 'boxlite/backend';
import { type RawData, WebSocket } from 'ws';
import { errorAnswer } from '../http/error-answer.ts';
import { JsonTextError, parseJson } from '../http/json-text.ts';
import { validated } from '../http/validated.ts';

/** What a terminal needs of the server. */
export interface TerminalOptions {
  /** Time between pings; a client that misses one whole interval is gone. */
  readonly heartbeatMs: number;
  /** Told of every error that ended a terminal. */
  readonly onStreamError: (error: unknown, requestId: string) => void;
}

const hangUpSignal = 1;
const bufferLimitBytes = 1024 * 1024;

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
  let work: Promise<void> = Promise.resolve();
  let waitingBytes = 0;
  let alive = true;
  let ended = false;

  function say(message: object): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }
  function sayError(error: unknown): void {
    const message = error instanceof JsonTextError ? error.message : errorAnswer(error, requestId).message;
    say({ type: 'error', message });
  }
  function send(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (socket.bufferedAmount < bufferLimitBytes) {
        socket.send(data, { binary: true }, (error) => error && reject(error));
        resolve();
      } else socket.send(data, { binary: true }, sent);
    });
  }

  /** One thing after another, so that input and resizes keep their order. */
  function enqueue(bytes: number, step: () => Promise<void>): void {
    waitingBytes += bytes;
    if (waitingBytes > bufferLimitBytes) socket.pause();
    work = work
      .then(step)
      .catch(sayError)
      .finally(() => {
        waitingBytes -= bytes;
        if (waitingBytes <= bufferLimitBytes && socket.isPaused) socket.resume();
      });
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

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
