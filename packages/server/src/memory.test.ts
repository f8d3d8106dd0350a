import { once } from 'node:events';
import { request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { liveServer } from './testing/live-server.ts';

const total = 256 * 1024 * 1024;
const allowedBytes = 32 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** Bytes held outside the JavaScript heap, where bodies live, without what is garbage already. */
function liveBytes(): number {
  if (typeof collectGarbage === 'function') collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** The most that `work` adds to the live bytes. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = liveBytes();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, liveBytes());
  }, 20);
  await work();
  clearInterval(timer);
  return most - before;
}

/** Sends the same piece over and over, as fast as the server takes it; gives the status. */
async function upload(url: string): Promise<number | undefined> {
  const piece = Buffer.alloc(65_536);
  const headers = { authorization: 'Bearer test-key', 'content-type': 'application/x-tar' };
  const outgoing = request(url, { method: 'PUT', headers });
  const answer = once(outgoing, 'response');
  for (let sent = 0; sent < total; sent += piece.byteLength) {
    if (!outgoing.write(piece)) await once(outgoing, 'drain');
  }
  outgoing.end();
  const [response] = await answer;
  response.resume();
  return response.statusCode;
}

test('an upload of 256 MiB is never in memory as a whole', { timeout: 120_000 }, async () => {
  const { listening, backend } = await liveServer();
  const box = await backend.create({}, 'a');
  const grown = await growth(async () => {
    expect(await upload(`${listening.url}/v1/default/boxes/a/files?path=/`)).toBe(204);
  });
  expect(box.uploads[0]?.bytes).toBe(total);
  expect(grown).toBeLessThan(allowedBytes);
});

test('neither is a download, nor output', { timeout: 120_000 }, async () => {
  const { call, backend } = await liveServer();
  const box = await backend.create({}, 'a');
  await box.exec({ command: 'bytes', args: [`${total}`] });
  for (const path of [`files?path=/bytes/${total}`, 'executions/E1/output']) {
    const grown = await growth(async () => {
      let received = 0;
      const response = await call('GET', `/v1/default/boxes/a/${path}`);
      for await (const piece of response.body ?? []) received += piece.byteLength;
      expect(received).toBeGreaterThanOrEqual(total);
    });
    expect(grown).toBeLessThan(allowedBytes);
  }
});
