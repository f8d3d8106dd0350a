import { attachMessage } from '@boxlite/api';
import { type ExecutionBackend, type ExecutionInfo, ExecutionLostError, OutputTruncatedError } from 'boxlite/backend';
import type { WebSocket } from 'ws';
import { validated } from '../http/validated.ts';
import { outputSplitter } from '../output/output-splitter.ts';
import { type ConversationOptions, converse } from '../terminal/conversation.ts';
import type { Attachment } from './attachments.ts';
import { receipts } from './receipts.ts';

const channel = { stdout: 1, stderr: 2 } as const;

/**
 * Joins a WebSocket and an execution as clients of generation 2 expect it. From the client: binary is input, text an
 * `AttachMessage`. To the client: binary is a byte 1 or 2 and a piece of stdout or stderr, text is
 * `{"type":"error","message"}` or, last, an `AttachExit`, then close 1000. A client that leaves, leaves the command
 * running; the next one gets what this one did not answer for.
 */
export function attach(
  socket: WebSocket,
  execution: ExecutionBackend | Promise<ExecutionBackend>,
  attachment: Attachment,
  requestId: string,
  options: ConversationOptions,
): void {
  const { input } = attachment;
  let pouring: ExecutionBackend | undefined;
  let ended = false;
  const taken = receipts(socket, {
    heartbeatMs: options.heartbeatMs,
    onTaken: (cursor) => pouring?.take(cursor),
  });
  converse(socket, requestId, options, ({ send, sayError }, signal) => ({
    input,
    // The rest of what a client sent is the command's, also when the client has left.
    write: async (bytes) => (await execution).write(bytes),
    async obey(text) {
      const message = validated(attachMessage, text, 'message');
      if (message.type === 'stdin_eof') return input.add(0, async () => (await execution).closeStdin());
      const running = await execution;
      if (message.type === 'resize') return running.resize({ cols: message.cols, rows: message.rows });
      return running.signal(message.sig);
    },
    async pour() {
      const running = await execution;
      const from = running.taken();
      pouring = running;
      const splitter = outputSplitter(from, false);
      const deliver = async (pieces: ReturnType<typeof splitter.push>): Promise<void> => {
        for (const { stream, held, data, reached } of pieces) {
          await send(Buffer.concat([Uint8Array.of(channel[stream]), held, data]));
          taken.sent(reached);
        }
      };
      try {
        for await (const chunk of running.output({ from, signal })) await deliver(splitter.push(chunk));
        await deliver(splitter.flush());
      } catch (error) {
        await deliver(splitter.flush());
        // The exit is known all the same; clients of this generation show it, and this message where they can.
        if (!(error instanceof OutputTruncatedError)) throw error;
        sayError(error);
      }
      const exit = exitMessage(await running.wait({ signal }));
      ended = true;
      return exit;
    },
    left(code) {
      if (ended && code === 1000) taken.all();
      attachment.release();
    },
  }));
}

/** The end, where a signal N is -N: that is how clients of this generation read it. */
function exitMessage({ exitCode, signal, status }: ExecutionInfo): object {
  if (exitCode === undefined) throw new ExecutionLostError('the exit code of the command is not known');
  return {
    type: 'exit',
    exit_code: signal === undefined ? exitCode : 128 - exitCode,
    ...(signal !== undefined && { signal }),
    ...(status === 'timed_out' && { timed_out: true }),
  };
}
