import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Box, Boxlite, InvalidArgumentError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Representatives of the contract suite, in as few boots as possible, for a machine that is translated takes seconds.
// The whole of it: BOXLITE_ENGINE=qemu npm test -- tests/contract (docs/decisions/0009-micro-vm.md has its figures).
const bootMs = 90_000;
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

let homeDir: string;
let runtime: Boxlite;
let box: Box;

/** Whether it does more than wait for whoever is to reap it. */
async function runs(pid: number | undefined): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX] /.test(text);
}

async function open(): Promise<void> {
  runtime = await Boxlite.local({ homeDir, engine: 'qemu' });
}

beforeAll(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'boxlite-microvm-'));
  await open();
  const options = {
    image: 'boxlite/base:latest',
    detach: true,
    autoRemove: false,
    memoryMib: 256,
    env: { FROM: 'box' },
  };
  box = await runtime.create(options, 'machine');
  await box.start();
}, bootMs);

afterAll(async () => {
  await runtime.remove(box.id, { force: true });
  await runtime.shutdown();
  await rm(homeDir, { recursive: true, force: true });
});

test('a box has a kernel of its own, its name, its memory, and the capabilities of its preset', async () => {
  const { stdout } = await box.run('sh', [
    '-c',
    'uname -r; hostname; grep MemTotal /proc/meminfo; grep CapBnd /proc/self/status',
  ]);
  const [kernel = '', name, memory = '', capabilities] = stdout.trim().split('\n');
  expect(kernel).toMatch(/^\d+\.\d+/);
  expect(kernel).not.toBe(release());
  expect(name).toBe('machine');
  expect(Number(/\d+/.exec(memory))).toBeLessThan(256 * 1024);
  expect(capabilities).toBe('CapBnd:\t00000000800005fb');
});

test('no process of a box sees the disks, the port, a thread of the kernel or what turns the machine off', async () => {
  const { stdout } = await box.run('sh', ['-c', 'ls /dev; ps; mknod /tmp/disk b 254 0 || echo refused']);
  expect(stdout).toContain('refused');
  expect(stdout).not.toMatch(/vda|vport|kthreadd|mem\b/);
  expect(stdout).toMatch(/^ +1 root +\/init microvm/m);
});

test('exit codes, output, environment and errors are as in any box', async () => {
  const { exitCode, stdout, stderr } = await box.run('sh', ['-c', 'echo $FROM; echo err >&2; exit 42']);
  expect([exitCode, stdout, stderr]).toEqual([42, 'box\n', 'err\n']);
  await expect(box.exec('no-such-program')).rejects.toThrow(/no-such-program/);
});

test('megabytes go in and out unchanged', async () => {
  const bytes = randomBytes(2_000_001);
  const execution = await box.exec('cat');
  const stdin = execution.stdin.getWriter();
  const writing = stdin.write(new Uint8Array(bytes)).then(() => stdin.close());
  const hash = createHash('sha256');
  for await (const data of execution.stdout) hash.update(data);
  await writing;
  expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('twenty commands at once each have their own output', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => box.run('echo', [String(i)])));
  expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}\n`));
});

test('a timeout ends the whole process tree, and a kill says its signal', async () => {
  const late = await (await box.exec('sh', ['-c', 'sleep 987 & sleep 986'], { timeoutMs: 300 })).wait();
  expect(late.timedOut).toBe(true);
  expect((await box.run('ps')).stdout).not.toMatch(/sleep 98[67]/);
  const execution = await box.exec('sleep', ['1000']);
  await execution.kill();
  expect(await execution.wait()).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
});

test('a terminal has the size asked for and follows a resize', async () => {
  const execution = await box.exec('sh', [], { tty: true, size: { cols: 100, rows: 30 } });
  const stdin = execution.stdin.getWriter();
  let text = '';
  await stdin.write(new TextEncoder().encode('stty size\n'));
  for await (const { data } of execution.output()) {
    text += decode(data);
    if (text.includes('30 100')) break;
  }
  await execution.resize({ cols: 132, rows: 43 });
  await stdin.write(new TextEncoder().encode('stty size; exit 5\n'));
  expect((await execution.wait()).exitCode).toBe(5);
});

test('the process of a machine has a user of its own, no capability and an empty root directory', async () => {
  const { pid } = await box.info();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  expect(Number(/^Uid:\t(\d+)/m.exec(status)?.[1])).toBeGreaterThan(0x6000_0000);
  expect(/^CapEff:\t(\S+)/m.exec(status)?.[1]).toBe('0'.repeat(16));
  expect(/^Seccomp:\t(\d)/m.exec(status)?.[1]).toBe('2');
  expect(await readdir(`/proc/${pid}/root/`)).toEqual([]);
});

test('what a machine uses is in the metrics of its box', async () => {
  const { memoryBytes } = await box.metrics();
  expect(memoryBytes).toBeGreaterThan(1024 * 1024);
});

test('a detached box survives its runtime, and its execution goes on without a byte lost', async () => {
  const { pid } = await box.info();
  const script = 'echo before; read go; echo after $go';
  const { id } = await box.exec('sh', ['-c', script]);
  await runtime.shutdown();
  expect(await runs(pid)).toBe(true);
  await open();
  const again = await runtime.get('machine');
  if (!again) throw new Error('the box is not there any more');
  box = again;
  const execution = await box.execution(id);
  const stdin = execution.stdin.getWriter();
  await stdin.write(new TextEncoder().encode('now\n'));
  let text = '';
  for await (const data of execution.stdout) text += decode(data);
  expect(text).toBe('before\nafter now\n');
  expect((await box.info()).pid).toBe(pid);
});

test('volumes are refused, with the engine that has them', async () => {
  const other = await runtime.create({
    image: 'boxlite/base:latest',
    volumes: [{ hostPath: homeDir, guestPath: '/data' }],
  });
  await expect(other.start()).rejects.toThrow(InvalidArgumentError);
  await expect(other.start()).rejects.toThrow(/volumes.*runc/);
  await runtime.remove(other.id, { force: true });
});

test(
  'a stopped box keeps its disk, and an attached one ends with its runtime',
  async () => {
    await box.run('sh', ['-c', 'echo kept > /root/note']);
    await box.stop();
    const attached = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false, memoryMib: 128 });
    await Promise.all([box.start(), attached.start()]);
    expect((await box.run('cat', ['/root/note'])).stdout).toBe('kept\n');
    const { pid } = await attached.info();
    await runtime.shutdown();
    expect(await runs(pid)).toBe(false);
    await open();
    expect((await runtime.getInfo(attached.id))?.status).toBe('stopped');
    await runtime.remove(attached.id);
    box = (await runtime.get('machine')) ?? box;
  },
  2 * bootMs,
);
