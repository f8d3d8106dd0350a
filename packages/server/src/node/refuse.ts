import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Reply } from '../http/reply.ts';
import { writeReply } from './write-reply.ts';

/** Writes an answer on the socket of a request that was to become something else, and closes it. */
export async function refuse(reply: Reply, incoming: IncomingMessage, socket: Duplex): Promise<void> {
  if (!(socket instanceof Socket) || socket.destroyed) {
    socket.destroy();
    return;
  }
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(socket);
  outgoing.once('finish', () => socket.destroySoon());
  await writeReply(reply, outgoing);
}
