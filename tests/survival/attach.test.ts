import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { startServer } from '../../bench/server-process.ts';
import { baseImage, until } from './harness.ts';

const key = 'blk_attach';

test('a client that attaches again after its server was killed gets what it was not given', {
  timeout: 60_000,
}, async () => {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-attach-'));
  let server = await startServer(home, `--api-key=${key}`);
  const runtime = (): Boxlite => Boxlite.rest({ url: server.url, credential: new ApiKeyCredential(key) });
  onTestFinished(async () => {
    for (const { id } of await runtime().listInfo()) await runtime().remove(id, { force: true });
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });
  const box = await runtime().create({ image: baseImage });
  const { id } = await box.exec('sh', ['-c', 'echo A; read word; echo B $word; exit 3']);
  const attached = async (): Promise<{ socket: WebSocket; text: string; exit: Promise<unknown>; pings: number }> => {
    const url = `${server.url.replace('http', 'ws')}/v1/boxes/${box.id}/executions/${id}/attach`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } });
    const exit = Promise.withResolvers<unknown>();
    const client = { socket, text: '', exit: exit.promise, pings: 0 };
    socket.on('ping', () => client.pings++).on('error', () => {});
    socket.on('message', (data, binary) => {
      if (binary) client.text += Buffer.from(data.toString('latin1'), 'latin1').subarray(1).toString();
      else exit.resolve(JSON.parse(data.toString()));
    });
    await new Promise((resolve) => socket.once('open', resolve));
    return client;
  };
  const first = await attached();
  // The ping after the output is answered, too.
  await until('the first line and its receipt', () => first.text === 'A\n' && first.pings >= 2);
  // Answers come in order: with its own ping answered, ours has reached the server.
  const answered = new Promise((resolve) => first.socket.once('pong', resolve));
  first.socket.ping();
  await answered;
  await server.kill();
  server = await startServer(home, `--api-key=${key}`);
  const second = await attached();
  second.socket.send(Buffer.from('word\n'));
  expect(await second.exit).toEqual({ type: 'exit', exit_code: 3 });
  expect(second.text).toBe('B word\n');
});
