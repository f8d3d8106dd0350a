import type { ServerResponse } from 'node:http';
import type { Reply } from '../http/reply.ts';
import { giveBackFrame } from '../output/frame-memory.ts';

/**
 * Writes an answer to a Node connection, no faster than the client reads. A body that fails breaks the connection, so
 * that the client never takes a part for the whole; a client that leaves cancels the body at once, one that takes
 * nothing for `stallTimeoutMs` is cut.
 */
export async function writeReply(
  { status, headers, body }: Reply,
  outgoing: ServerResponse,
  stallTimeoutMs = 300_000,
): Promise<void> {
  const whole = body === null || typeof body === 'string';
  if (outgoing.destroyed) return whole ? undefined : void body.cancel().catch(() => {});
  // All at once: setting them one by one costs as much as the rest of a small answer.
  const raw: string[] = [];
  for (const name in headers) raw.push(name, headers[name] ?? '');
  outgoing.writeHead(status, raw);
  if (whole) return end(outgoing, stallTimeoutMs, body);
  outgoing.flushHeaders();
  const reader = body.getReader();
  const leave = (): void => void reader.cancel().catch(() => {});
  outgoing.once('close', leave);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (outgoing.destroyed) return;
      if (done) break;
      if (!outgoing.write(value, (error) => error ?? giveBackFrame(value))) await drained(outgoing, stallTimeoutMs);
    }
    end(outgoing, stallTimeoutMs, null);
  } catch {
    outgoing.destroy();
  } finally {
    outgoing.off('close', leave);
  }
}

/** Ends an answer; a connection whose client does not take the rest is cut. */
function end(outgoing: ServerResponse, stallTimeoutMs: number, text: string | null): void {
  // ASCII, which most of it is, costs less to write as what it is.
  if (text === null) outgoing.end();
  else outgoing.end(text, Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8');
  if (outgoing.writableLength === 0) return;
  const cut = setTimeout(() => outgoing.destroy(), stallTimeoutMs);
  outgoing.once('close', () => clearTimeout(cut)).once('finish', () => clearTimeout(cut));
}

function drained(outgoing: ServerResponse, stallTimeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => outgoing.destroy(), stallTimeoutMs);
    const done = (): void => {
      clearTimeout(cut);
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.once('drain', done);
    outgoing.once('close', done);
    if (outgoing.destroyed) done();
  });
}
