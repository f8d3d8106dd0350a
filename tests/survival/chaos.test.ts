import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';
import { baseImage, until } from './harness.ts';
import { readToTheEnd } from './sse-reader.ts';

const full = process.env['BOXLITE_CHAOS'] === 'full';
const { boxes: boxCount, each, kills } = full ? { boxes: 5, each: 10, kills: 20 } : { boxes: 2, each: 6, kills: 4 };
const key = 'blk_chaos';
// Lines until somebody says that it is enough, and at the end how many there were.
const script = 'i=0; while [ ! -e /tmp/enough ]; do i=$((i+1)); echo line $i; sleep 0.05; done; echo end $i; exit $0';

test(`of ${boxCount * each} executions every line arrives once and in order, although their server is killed ${kills} times`, {
  timeout: 300_000,
}, async () => {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-chaos-'));
  let server: ServerProcess = await startServer(home, `--api-key=${key}`);
  const runtime = (): Boxlite => Boxlite.rest({ url: server.url, credential: new ApiKeyCredential(key) });
  onTestFinished(async () => {
    for (const { id } of await runtime().listInfo()) await runtime().remove(id, { force: true });
    await server.stop();
    await rm(home, { recursive: true, force: true });
  });
  const boxes = await Promise.all(Array.from({ length: boxCount }, () => runtime().create({ image: baseImage })));
  const executions = await Promise.all(
    boxes.flatMap((box, b) =>
      Array.from({ length: each }, async (_, e) => {
        const exitCode = 1 + b * each + e;
        // Some of them wait for their reader, who is away whenever the server is.
        const output = e % 3 === 0 ? { output: { policy: 'block', limitBytes: 1024 } as const } : {};
        const { id } = await box.exec('sh', ['-c', script, `${exitCode}`], output);
        return { box: box.id, id, exitCode };
      }),
    ),
  );
  let events = 0;
  const connections = executions.map(() => 0);
  const reading = Promise.all(
    executions.map(({ box, id }, i) =>
      readToTheEnd({
        url: () => `${server.url}/v1/default/boxes/${box}/executions/${id}/output`,
        headers: { authorization: `Bearer ${key}`, connection: 'close' },
        onConnect: () => {
          connections[i] = (connections[i] ?? 0) + 1;
        },
        onEvent: () => events++,
      }),
    ),
  );
  for (let killed = 0; killed < kills; killed++) {
    await delay(Math.random() * 600);
    // Every other time whatever its readers are at; else once each of them has come back, be that soon or late.
    const come = killed / 2 + 1;
    if (Number.isInteger(come)) await until('every reader', () => connections.every((count) => count >= come));
    await server.kill();
    server = await startServer(home, `--api-key=${key}`);
  }
  for (const { id } of boxes) await (await runtime().get(id))?.run('touch', ['/tmp/enough']);
  const got = await reading;
  let lines = 0;
  for (const [i, { stdout, exitCode }] of got.entries()) {
    const count = Number(/end (\d+)\n$/.exec(stdout.toString())?.[1]);
    const whole = Array.from({ length: count }, (_, n) => `line ${n + 1}\n`).join('');
    expect(stdout.toString()).toBe(`${whole}end ${count}\n`);
    expect(exitCode).toBe(executions[i]?.exitCode);
    lines += count + 1;
  }
  const resumed = got.reduce((sum, one) => sum + one.resumed, 0);
  expect(resumed).toBeGreaterThan(executions.length);
  console.log(
    `${executions.length} executions, ${kills} kills: ${lines} lines, ${events} events, ${resumed} resumptions`,
  );
});
