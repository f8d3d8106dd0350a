import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { expect, test } from 'vitest';
import { startServer } from '../../bench/server-process.ts';
import { resetPeak, residentMib } from '../../bench/transfer-memory.ts';

const readers = 200;
const mib = 10;
const key = 'blk_readers';

test(`${readers} readers of one execution that prints ${mib} MiB get the same bytes, and the server keeps within 128 MiB`, {
  timeout: 180_000,
}, async () => {
  expect(await grownMib()).toBeLessThan(128);
});

/** Has them read, and checks what each got; how much more memory the server had meanwhile. */
async function grownMib(): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-readers-'));
  const server = await startServer(home, '--attached', `--api-key=${key}`);
  const agent = new Agent();
  await using atEnd = new AsyncDisposableStack();
  atEnd.defer(async () => {
    agent.destroy();
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });
  const runtime = Boxlite.rest({ url: server.url, credential: new ApiKeyCredential(key) });
  const box = await runtime.create({ image: 'boxlite/base:latest' });
  const warm = await box.exec('true');
  await warm.wait();
  const print = `head -c ${mib * 1024 * 1024} /dev/urandom > /tmp/bytes; sha256sum < /tmp/bytes >&2; read go; cat /tmp/bytes`;
  const execution = await box.exec('sh', ['-c', print]);
  const idle = residentMib(server.pid).now;
  resetPeak(server.pid);
  const url = `${server.url}/v1/boxes/${box.id}/executions/${execution.id}/output`;
  const began = performance.now();
  // All are there before the first byte: they read what comes as it comes, each at its own pace.
  const streams = await Promise.all(
    Array.from({ length: readers }, async () => {
      const request = get(url, { agent, headers: { authorization: `Bearer ${key}` } });
      const [response] = await once(request, 'response');
      return response;
    }),
  );
  const reading = Promise.all(streams.map(readWhole));
  const writer = execution.stdin.getWriter();
  await writer.write(new TextEncoder().encode('\n'));
  const got = await reading;
  const grown = residentMib(server.pid).peak - idle;
  const seconds = (performance.now() - began) / 1000;
  console.log(`${readers} readers of ${mib} MiB: ${seconds.toFixed(1)} s, server ${grown.toFixed(0)} MiB above idle`);
  const wanted = (await new Response(execution.stderr).text()).split(' ')[0];
  for (const one of got) expect(one).toEqual({ length: mib * 1024 * 1024, hash: wanted, exitCode: 0 });
  return grown;
}

/** Reads stdout from Server-Sent Events without keeping it. */
async function readWhole(response: IncomingMessage): Promise<{ length: number; hash: string; exitCode: unknown }> {
  const hash = createHash('sha256');
  let length = 0;
  let exitCode: unknown;
  let rest = '';
  let event = '';
  response.setEncoding('latin1');
  for await (const chunk of response) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('data: ') && event === 'stdout') {
        const data = Buffer.from(line.slice('data: {"data":"'.length, -2), 'base64');
        hash.update(data);
        length += data.length;
      } else if (line.startsWith('data: ') && event === 'exit') exitCode = JSON.parse(line.slice(6)).exit_code;
    }
  }
  return { length, hash: hash.digest('hex'), exitCode };
}
