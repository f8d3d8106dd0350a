// Everything that a box does, once: the same program on this machine and on a server.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Box, type Boxlite, lines } from 'boxlite';

/** What the job tells of itself, a line at a time. */
export type Say = (line: string) => void;

const image = 'boxlite/base:latest';

/** Does the job on any runtime: throws on any difference from what must come, and leaves no box behind. */
export async function job(runtime: Boxlite, say: Say): Promise<void> {
  const name = `first-light-${randomBytes(4).toString('hex')}`;
  await inBox(runtime, name, say);
  assert.equal(await runtime.get(name), null);
  assert.equal(await runtime.exists(name), false);
}

async function inBox(runtime: Boxlite, name: string, say: Say): Promise<void> {
  const step = timed(say);
  await using atEnd = new AsyncDisposableStack();
  const box = await step('create a box', () => runtime.create({ image, memoryMib: 256, autoRemove: false }, name));
  atEnd.defer(() => step('remove it', () => runtime.remove(box.id, { force: true })));
  const started = await step('start it', () => box.start());
  assert.equal(started.status, 'running');
  await step('stream the output of a command', () => streamLines(box, say));
  await step('end with exit code 42', async () => {
    const { exitCode } = await (await box.exec('sh', ['-c', 'exit 42'])).wait();
    assert.equal(exitCode, 42);
    say(`    exit code ${exitCode}`);
  });
  await step('send stdin, get it back', () => echoStdin(box));
  await step('copy a directory in and a file out', () => copyBothWays(box));
  await step('read metrics', () => readMetrics(runtime, box, say));
  const stopped = await step('stop it', () => box.stop());
  assert.equal(stopped.status, 'stopped');
}

async function streamLines(box: Box, say: Say): Promise<void> {
  const began = performance.now();
  const execution = await box.exec('sh', ['-c', 'for i in 1 2 3 4 5; do echo "line $i"; sleep 0.2; done']);
  const came: { readonly line: string; readonly atMs: number }[] = [];
  for await (const line of lines(execution.stdout)) {
    const atMs = performance.now() - began;
    came.push({ line, atMs });
    say(`    ${atMs.toFixed(0).padStart(5)} ms  ${line}`);
  }
  assert.deepEqual(
    came.map(({ line }) => line),
    ['line 1', 'line 2', 'line 3', 'line 4', 'line 5'],
  );
  const spreadMs = (came.at(-1)?.atMs ?? 0) - (came[0]?.atMs ?? 0);
  assert.ok(spreadMs > 400, `lines must come as they are written, and came within ${spreadMs.toFixed(0)} ms`);
  assert.equal((await execution.wait()).exitCode, 0);
}

async function echoStdin(box: Box): Promise<void> {
  const execution = await box.exec('cat');
  const input = execution.stdin.getWriter();
  const echoed = lines(execution.stdout);
  for (const line of ['first', 'second: ünïcödé', 'third']) {
    await input.write(new TextEncoder().encode(`${line}\n`));
    // Each line comes back while stdin is still open.
    assert.deepEqual(await echoed.next(), { done: false, value: line });
  }
  await input.close();
  assert.deepEqual(await echoed.next(), { done: true, value: undefined });
  assert.equal((await execution.wait()).exitCode, 0);
}

async function copyBothWays(box: Box): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-first-light-'));
  try {
    const bytes = randomBytes(1024 * 1024);
    await mkdir(join(folder, 'in/deep'), { recursive: true });
    await writeFile(join(folder, 'in/hello.txt'), 'hello\n');
    await writeFile(join(folder, 'in/deep/bytes.bin'), bytes);
    await box.copyIn(join(folder, 'in'), '/opt/app');

    const { stdout } = await box.run('sh', ['-c', 'cat /opt/app/hello.txt; sha256sum < /opt/app/deep/bytes.bin']);
    const digest = createHash('sha256').update(bytes).digest('hex');
    assert.equal(stdout, `hello\n${digest}  -\n`);

    const target = join(folder, 'out.bin');
    await box.copyOut('/opt/app/deep/bytes.bin', target);
    assert.ok(bytes.equals(await readFile(target)), 'the file that came out must be the file that went in');
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readMetrics(runtime: Boxlite, box: Box, say: Say): Promise<void> {
  const ofBox = await box.metrics();
  assert.ok(ofBox.commandsExecutedTotal >= 4, `commands: ${ofBox.commandsExecutedTotal}`);
  assert.ok((ofBox.memoryBytes ?? 0) > 0, `memory: ${ofBox.memoryBytes}`);
  assert.ok(ofBox.bytesReceivedTotal > 1024 * 1024, `bytes out: ${ofBox.bytesReceivedTotal}`);
  const mib = ((ofBox.memoryBytes ?? 0) / 1024 ** 2).toFixed(1);
  say(`    ${ofBox.commandsExecutedTotal} commands, ${mib} MiB of memory, ${ofBox.bytesReceivedTotal} bytes out`);
  const ofRuntime = await runtime.metrics();
  assert.equal(ofRuntime.numRunningBoxes, 1);
  say(`    ${ofRuntime.boxesCreatedTotal} boxes created, ${ofRuntime.numRunningBoxes} running`);
}

/** Does a step and says how long it took. */
function timed(say: Say): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  return async (name, work) => {
    const from = performance.now();
    const result = await work();
    say(`  ${name.padEnd(36)} ${(performance.now() - from).toFixed(1).padStart(8)} ms`);
    return result;
  };
}
