import type { ServerResponse } from 'node:http';

const asked = /(?:^|,)\s*processing\s*(?:[,;=]|$)/i;

/**
 * Tells a client that asks for it (`Prefer: processing`), every `everyMs`, that its answer is still being made, by a 102: Node's
 * fetch gives up after 300 s in which no head came. To others nothing is sent: there are clients that take a 102 for the
 * answer. What it gives ends that, and is called before the answer begins; twice is fine.
 */
export function tellStillWorking(outgoing: ServerResponse, everyMs: number): () => void {
  const { headers, httpVersionMinor } = outgoing.req;
  // HTTP/1.0, which some proxies speak, knows no 1xx (RFC 9110, section 15.2).
  if (httpVersionMinor === 0 || !asked.test(`${headers['prefer'] ?? ''}`)) return () => {};
  const telling = setInterval(() => outgoing.writeProcessing(), everyMs).unref();
  const stop = (): void => clearInterval(telling);
  outgoing.once('close', stop);
  return stop;
}
