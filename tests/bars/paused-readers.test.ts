import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../bench/server-process.ts';
import { resetPeak, residentMib } from '../../bench/transfer-memory.ts';

const readers = 100;
const key = 'blk_paused';

test(`${readers} downloads that nobody reads on hold 1.25 MiB of the server each at most, and hold up nobody`, {
  timeout: 60_000,
}, async () => {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-paused-'));
  const server = await startServer(home, '--attached', `--api-key=${key}`);
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });
  const runtime = Boxlite.rest({ url: server.url, credential: new ApiKeyCredential(key) });
  const box = await runtime.create({ image: 'boxlite/base:latest' });
  const made = await box.exec('sh', ['-c', 'head -c 33554432 /dev/zero > /tmp/long']);
  expect((await made.wait()).exitCode).toBe(0);
  const idle = residentMib(server.pid).now;
  resetPeak(server.pid);
  const { hostname, port, host } = new URL(server.url);
  const head = `GET /v1/boxes/${box.id}/files/content?path=/tmp/long HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${key}\r\n\r\n`;
  const first = Array.from({ length: readers }, () => {
    const socket = connect(Number(port), hostname).on('error', () => {});
    sockets.push(socket);
    return new Promise<string>((resolve) => {
      socket.once('data', (piece) => {
        socket.pause();
        resolve(piece.toString('latin1', 0, 15));
      });
      socket.write(head);
    });
  });
  expect(new Set(await Promise.all(first))).toEqual(new Set(['HTTP/1.1 200 OK']));
  // Until what the box sends has nowhere to go.
  for (let before = 0, now = idle; now !== before; now = residentMib(server.pid).now) {
    before = now;
    await after(500);
  }
  expect((await (await box.exec('true')).wait()).exitCode).toBe(0);
  const grown = residentMib(server.pid).peak - idle;
  console.log(`${readers} paused downloads: server ${grown.toFixed(0)} MiB above idle`);
  expect(grown).toBeLessThan(readers * 1.25);
});
