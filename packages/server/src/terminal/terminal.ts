import { terminalResize } from '@boxlite/api';
import { type ExecutionBackend, ExecutionLostError } from 'boxlite/backend';
import type { WebSocket } from 'ws';
import { validated } from '../http/validated.ts';
import { type ConversationOptions, converse } from './conversation.ts';
import { heartbeat } from './heartbeat.ts';
import { inputQueue } from './input-queue.ts';
import { bufferLimitBytes } from './socket-link.ts';

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
  options: ConversationOptions,
): void {
  const input = inputQueue(bufferLimitBytes);
  let ended = false;
  // Who holds the screen still, as by ^S, must not lose the command by it.
  heartbeat(socket, { everyMs: options.heartbeatMs, mayStall: true });
  converse(socket, requestId, options, ({ send }, signal) => ({
    input,
    write: (bytes) => execution.write(bytes, { signal }),
    async obey(message) {
      const { cols, rows } = validated(terminalResize, message, 'message');
      await input.add(0, () => execution.resize({ cols, rows }));
    },
    async pour() {
      for await (const { data } of execution.output({ signal })) await send(data);
      const { exitCode } = await execution.wait({ signal });
      ended = true;
      if (exitCode === undefined) throw new ExecutionLostError('the exit code of the command is not known');
      return { type: 'exit', exit_code: exitCode };
    },
    left() {
      if (!ended) hangUp(execution);
    },
  }));
}
