import { type AttachMessage, attachMessage } from '@boxlite/api';
import { type ExecutionBackend, type ExecutionInfo, ExecutionLostError, OutputTruncatedError } from 'boxlite/backend';
import type { WebSocket } from 'ws';
import { parseJson } from '../http/json-text.ts';
import { validated } from '../http/validated.ts';
import { outputSplitter } from '../output/output-splitter.ts';
import { socketLink, toBuffer } from '../terminal/socket-link.ts';
import type { TerminalOptions } from '../terminal/terminal.ts';
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
  options: TerminalOptions,
): void {
  const reading = new AbortController();
  const { say, sayError, send, holdBack } = socketLink(socket, requestId);
  const { input } = attachment;
  let pouring: ExecutionBackend | undefined;
  const taken = receipts(socket, {
    heartbeatMs: options.heartbeatMs,
    onTaken: (cursor) => pouring?.take(cursor),
  });

  async function pour(running: ExecutionBackend): Promise<void> {
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
      for await (const chunk of running.output({ from, signal: reading.signal })) await deliver(splitter.push(chunk));
      await deliver(splitter.flush());
    } catch (error) {
      await deliver(splitter.flush());
      // The exit is known all the same; clients of this generation show it, and this message where they can.
      if (!(error instanceof OutputTruncatedError)) throw error;
      sayError(error);
    }
  }

  async function pump(): Promise<void> {
    try {
      const running = await execution;
      await pour(running);
      const info = await running.wait({ signal: reading.signal });
      say(exitMessage(info));
      socket.once('close', (code) => code === 1000 && taken.all());
      socket.close(1000);
    } catch (error) {
      if (reading.signal.aborted) return;
      options.onStreamError(error, requestId);
      sayError(error);
      socket.close(1011);
    }
  }

  async function obey(message: AttachMessage): Promise<void> {
    if (message.type === 'stdin_eof') return input.add(0, async () => (await execution).closeStdin());
    const running = await execution;
    if (message.type === 'resize') return running.resize({ cols: message.cols, rows: message.rows });
    return running.signal(message.sig);
  }

  socket.on('message', (data, isBinary) => {
    const bytes = toBuffer(data);
    if (isBinary) {
      // The rest of what a client sent is the command's, also when the client has left.
      input.add(bytes.byteLength, async () => (await execution).write(bytes)).catch(sayError);
      return holdBack(input);
    }
    try {
      obey(validated(attachMessage, parseJson(bytes.toString()), 'message')).catch(sayError);
    } catch (error) {
      sayError(error);
    }
  });
  // ws closes by itself after an error, such as a frame above the limit.
  socket.on('error', () => {});
  socket.on('close', () => {
    taken.stop();
    reading.abort();
    attachment.release();
  });
  holdBack(input);
  void pump();
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
