import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Box, Boxlite } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isolationProbeSource } from './isolation-probe.fixture.ts';

const denied = /^(EPERM|EACCES|EROFS)$/;
const absent = /^ENOENT$/;

// What the box's own root tries, and how the attempt must end.
const attempts: readonly (readonly [name: string, title: string, outcome: RegExp])[] = [
  ['guest-socket-open', 'the socket of the guest cannot be opened', denied],
  ['guest-socket-connect', 'nobody in the box connects to the guest', denied],
  ['guest-socket-take', 'the socket of the guest cannot be taken out of it', denied],
  ['guest-ptrace', 'the guest cannot be attached to by a debugger', denied],
  ['guest-seize', 'the guest cannot be seized by a debugger', denied],
  ['guest-memory-write', 'the memory of the guest cannot be written', denied],
  ['guest-memory-read', 'the memory of the guest cannot be read', denied],
  ['guest-environment', 'the environment of the guest cannot be read', denied],
  ['guest-root', 'the root of the guest leads nowhere', denied],
  ['guest-namespaces', 'the namespaces of the guest cannot be opened', denied],
  ['guest-program', 'the program of the guest cannot be overwritten', /^(EROFS|ETXTBSY|EACCES)$/],
  ['guest-program-mode', 'the program of the guest keeps its mode', /^EROFS$/],
  ['guest-program-running', 'the running program of the guest cannot be overwritten', denied],
  ['guest-program-unlink', 'the program of the guest cannot be taken away', /^(EROFS|EBUSY)$/],
  ['guest-kill', 'KILL to the guest is sent in vain', /^done$/],
  ['guest-stop', 'STOP to the guest is sent in vain', /^done$/],
  ['guest-terminate', 'TERM to the guest is sent in vain', /^done$/],
  ['mount', 'nothing can be mounted', denied],
  ['remount', 'what is mounted read-only stays so', denied],
  ['unmount', 'what covers parts of /proc cannot be unmounted', denied],
  ['pivot-root', 'the root cannot be changed', denied],
  ['new-mount-api', 'no file system can be opened', denied],
  ['open-tree', 'no part of the tree of mounts can be copied', denied],
  ['unshare-user', 'no user namespace can be made', denied],
  ['unshare-mount', 'no mount namespace can be made', denied],
  ['clone-user', 'no process can be started in a user namespace', denied],
  ['clone3', 'clone3 is said not to exist, so that libraries use clone', /^ENOSYS$/],
  ['setns', 'no namespace can be entered', denied],
  ['chroot', 'chroot is denied', denied],
  ['open-by-handle', 'files cannot be opened by their handles', denied],
  ['keyctl', 'the keys of the kernel cannot be managed', denied],
  ['add-key', 'no key can be added to the kernel', denied],
  ['bpf', 'no program can be loaded into the kernel', denied],
  ['io-uring', 'io_uring is denied', denied],
  ['userfaultfd', 'userfaultfd is denied', denied],
  ['perf', 'performance events are denied', denied],
  ['raw-socket', 'raw sockets are denied', denied],
  ['packet-socket', 'packet sockets are denied', denied],
  ['vsock', 'sockets to a hypervisor are denied', denied],
  ['interface', 'network interfaces cannot be changed', denied],
  ['block-device', 'no node of a disk can be made', denied],
  ['memory-device', 'no node of the memory can be made', denied],
  ['find-block-device', 'there is no disk in /dev', absent],
  ['dev-mem', 'there is no /dev/mem', absent],
  ['dev-kmsg', 'there is no /dev/kmsg', absent],
  ['kcore', 'the memory of the kernel reads as nothing', /^(nothing|ENOENT|EPERM)$/],
  ['kernel-log', 'the log of the kernel cannot be read', denied],
  ['core-pattern', 'the settings of the kernel cannot be written', denied],
  ['sysrq', 'the machine cannot be commanded by sysrq', /^(EROFS|EACCES|EPERM|ENOENT)$/],
  ['sysfs', '/sys cannot be written', /^(EROFS|EACCES|ENOENT)$/],
  ['release-agent', 'no release agent can be set', /^(EROFS|EACCES|EPERM|ENOENT)$/],
  ['own-limits', 'the box cannot raise its own memory limit', denied],
  ['own-cgroup', 'the box cannot make cgroups', /^(EROFS|EACCES|EPERM|ENOENT)$/],
  ['module', 'no module can be loaded', denied],
  ['kexec', 'no other kernel can be loaded', denied],
  ['reboot', 'the machine cannot be rebooted', denied],
  ['clock', 'the clock cannot be set', denied],
  ['hostname', 'the host name cannot be set', denied],
  ['swap', 'swap cannot be switched off', denied],
  ['capabilities', 'no capability can be gained', denied],
  ['new-privileges', 'no-new-privileges cannot be taken back', /^EINVAL$/],
  ['seccomp-off', 'the system call filter cannot be taken off', /^EINVAL$/],
  ['old-system-calls', 'a 32-bit system call ends the program', /^killed$/],
  ['open-files', 'the limit of open files cannot be raised', denied],
  ['priority', 'the priority cannot be raised', denied],
  ['overlay-attribute', 'the attributes that steer the overlay cannot be set', denied],
  ['hosts-file', '/etc/hosts cannot be written', denied],
  ['am-i-root', 'a set-user-id program gives nobody root', /^no$/],
  ['am-i-capable', 'a program with file capabilities gives nobody any', /^no$|^undefined$/],
  ['host-abstract-socket', 'abstract sockets of the host cannot be reached', /^ECONNREFUSED$/],
  ['host-port', 'ports of the host cannot be reached', /^ECONNREFUSED$/],
  ['host-process', 'processes of the host are not there', /^ESRCH$/],
  ['host-file', 'files of the host are not there', absent],
];

let folder: string;
let runtime: Boxlite;
let box: Box;
let outcomes: Readonly<Record<string, string>>;
const servers: Server[] = [];

async function listen(address: string | number): Promise<Server> {
  const server = createServer((socket) => socket.end()).listen(address);
  servers.push(server);
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-isolation-'));
  const program = join(folder, 'probe');
  await writeFile(`${program}.c`, isolationProbeSource);
  await promisify(execFile)('musl-gcc', ['-static', '-w', '-O1', '-o', program, `${program}.c`]);
  const abstract = `boxlite-isolation-${process.pid}`;
  await listen(`\0${abstract}`);
  const address = (await listen(0)).address();
  const port = typeof address === 'object' ? address?.port : undefined;
  runtime = await Boxlite.local({ homeDir: join(folder, 'home') });
  box = await runtime.create({ image: 'boxlite/base:latest', security: 'standard', memoryMib: 512 });
  await box.copyIn(program, '/tmp/probe');
  const run = await box.run('/tmp/probe', [abstract, String(port), String(process.pid), program], {
    timeoutMs: 30_000,
  });
  outcomes = Object.fromEntries(
    run.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')),
  );
});
afterAll(async () => {
  await runtime?.shutdown();
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

test.each(attempts)('%s: %s', (name, _title, outcome) => {
  expect(outcomes[name] ?? 'undefined').toMatch(outcome);
});

test('after all that the guest answers', async () => {
  expect(await box.run('echo', ['ok'])).toMatchObject({ exitCode: 0, stdout: 'ok\n' });
});

test('a fork bomb of new sessions that minds no TERM ends with its timeout, and what cannot start meanwhile says so', async () => {
  const execution = await box.exec('/tmp/probe', ['bomb'], { timeoutMs: 500 });
  let over = false;
  const result = execution.wait().finally(() => {
    over = true;
  });
  while (!over) {
    await box.run('true').catch((error: unknown) => expect(String(error)).toMatch(/cannot start a process/));
  }
  expect(await result).toMatchObject({ timedOut: true });
  expect((await box.run('echo', ['ok'])).stdout).toBe('ok\n');
}, 60_000);

test('a pipe in the place of /dev/ptmx fails a terminal with an error', async () => {
  const other = await runtime.create({ image: 'boxlite/base:latest' });
  await other.run('sh', ['-c', 'rm /dev/ptmx && mkfifo /dev/ptmx']);
  await expect(other.exec('sh', [], { tty: true })).rejects.toThrow('cannot open a terminal');
  await other.stop({ timeoutMs: 0 });
});

test('pipes in the way of a copy hold it up in neither direction', async () => {
  await box.run('sh', ['-c', 'mkdir /tmp/in /tmp/out && mkfifo /tmp/in/file /tmp/out/pipe && echo x > /tmp/out/file']);
  await writeFile(join(folder, 'file'), 'new');
  await box.copyIn(join(folder, 'file'), '/tmp/in/file');
  expect((await box.run('cat', ['/tmp/in/file'])).stdout).toBe('new');
  await box.copyOut('/tmp/out/file', join(folder, 'copy'));
  const reader = (await box.download({ path: '/tmp/out' })).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read())
    expect(part.value.length).toBeGreaterThan(0);
});
