import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Box, Boxlite } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';
import { copyCommandPeaks, resetPeak, residentMib } from '../../bench/transfer-memory.ts';

let dir: string;
let server: ServerProcess;
let runtime: Boxlite;
let box: Box;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boxlite-bars-'));
  server = await startServer(join(dir, 'home'), '--attached');
  runtime = Boxlite.rest(server.options);
  box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false, memoryMib: 1024 });
  await box.start();
});

afterAll(async () => {
  await runtime.remove(box.id, { force: true });
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

test('of 1,000 executions over REST every byte arrives once, within 60 s', { timeout: 90_000 }, async () => {
  const script = 'f=/tmp/$$; head -c 100000 /dev/urandom > $f; sha256sum < $f >&2; cat $f; rm $f';
  const began = performance.now();
  let left = 1000;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const execution = await box.exec('sh', ['-c', script]);
      const hash = createHash('sha256');
      let length = 0;
      let inside = '';
      for await (const { stream, data } of execution.output()) {
        if (stream === 'stderr') inside += new TextDecoder().decode(data);
        else {
          hash.update(data);
          length += data.length;
        }
      }
      expect(length).toBe(100_000);
      expect(hash.digest('hex')).toBe(inside.split(' ')[0]);
      expect((await execution.wait()).exitCode).toBe(0);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  const seconds = (performance.now() - began) / 1000;
  console.log(`1,000 executions of 100,000 bytes over REST: ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(60);
});

test('a client killed in mid-stream leaves the execution running, and a new one gets the rest exactly once', async () => {
  const client = spawn(process.execPath, ['tests/bars/streaming-client.ts', server.url, box.id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let id = '';
  let seen = { stdout: 0, stderr: 0 };
  let text = '';
  for await (const line of createInterface(client.stdout)) {
    const { execution, cursor, piece } = JSON.parse(line);
    id = execution;
    seen = cursor;
    text += piece;
    if (text.split('\n').length > 20) break;
  }
  client.kill('SIGKILL');
  await once(client, 'exit');
  const again = await box.execution(id);
  expect((await again.status()).status).toBe('running');
  await box.run('touch', ['/tmp/seen']);
  for await (const { data } of again.output({ from: seen })) text += new TextDecoder().decode(data);
  expect(text).toBe(Array.from({ length: 200 }, (_, i) => `line ${i + 1}\n`).join(''));
  expect((await again.wait()).exitCode).toBe(0);
});

test('a file of 256 MiB goes up and down with at most 64 MiB above idle in client and server', {
  timeout: 60_000,
}, async () => {
  const idle = residentMib(server.pid).now;
  resetPeak(server.pid);
  const client = await copyCommandPeaks(server, box, dir);
  const peaks = { ...client, server: residentMib(server.pid).peak - idle };
  console.log('256 MiB over REST, MiB above idle:', peaks);
  for (const peak of Object.values(peaks)) expect(peak).toBeLessThan(64);
});
