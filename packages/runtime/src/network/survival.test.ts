import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildGuestBinary } from '../host/guest-binary.fixture.ts';
import { type Host, openHost } from '../host/host.ts';
import type { BoxNetworkOptions } from './box-network.ts';
import { adoptBoxNetwork, openBoxNetwork, prepareBoxNetwork, removeBoxNetwork } from './open-box-network.ts';

let binary: string;
let folder: string;
let host: Host;
let options: BoxNetworkOptions;
beforeAll(async () => {
  binary = await buildGuestBinary();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-network-'));
  await mkdir(`${folder}/box`);
  host = await openHost({ binary, lockPath: `${folder}/lock` });
  options = { id: 'box', folder: `${folder}/box`, attached: false, allow: undefined, ports: [] };
});
afterEach(async () => {
  await removeBoxNetwork(host, options);
  await host.close();
  await rm(folder, { recursive: true });
});

async function notedPid(): Promise<number> {
  return Number((await readFile(`${folder}/box/network.json`, 'utf8')).split(' ')[0]);
}

/** Processes whose network namespace that is. */
async function inNamespace(identity: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => ({ pid, at: await readlink(`/proc/${pid}/ns/net`).catch(() => '') })),
  );
  return all.filter(({ at }) => at === identity).map(({ pid }) => pid);
}

test('opening and closing leaves nothing, and closing twice is fine', async () => {
  const network = await openBoxNetwork(host, binary, options);
  const identity = await readlink(network.namespacePath).catch(() => '');
  expect(await inNamespace(identity)).toHaveLength(1);
  await network.close();
  await network.close();
  await expect.poll(() => inNamespace(identity)).toEqual([]);
  expect(await readdir(`${folder}/box`)).toEqual([]);
  expect(existsSync(network.namespacePath)).toBe(false);
});

const openedByPathOnly = 0o10000000;

async function assertWithoutPrivilege(pid: number | string | undefined): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  for (const line of [
    'CapPrm:\t0000000000000000',
    'CapEff:\t0000000000000000',
    'CapBnd:\t0000000000000000',
    'NoNewPrivs:\t1',
    'Seccomp:\t2',
    'Uid:\t65534',
  ])
    expect(status).toContain(line);
}

/** The processes of a detached network: its carrier and its keeper. */
async function processesOf(place: BoxNetworkOptions): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => ({ pid, command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })),
  );
  return all.filter(({ command }) => command.includes(`\0${place.folder}/network.sock\0`)).map(({ pid }) => pid);
}

test('the process has no privilege, no program to start, and no descriptor of ours to use', async () => {
  const network = await openBoxNetwork(host, binary, options);
  const pid = await notedPid();
  for (const each of await processesOf(options)) await assertWithoutPrivilege(each);
  const open = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`)));
  const others = open.filter((target) => !/^(\/dev\/null|socket:|anon_inode:\[eventpoll\])/.test(target));
  // Without a runtime it looks whether the path of its socket is there, and can do nothing else with it.
  expect(others).toEqual([`${options.folder}/network.sock`]);
  const flags = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map(async (fd) =>
      (await readlink(`/proc/${pid}/fd/${fd}`)) === others[0] ? readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8') : '',
    ),
  );
  expect(Number.parseInt(/flags:\s+0(\d+)/.exec(flags.join(''))?.[1] ?? '', 8) & openedByPathOnly).not.toBe(0);
  await network.close();
});

test('killing the process ends the namespace, says so, and lets it be opened anew', async () => {
  const network = await openBoxNetwork(host, binary, options);
  const identity = await readlink(network.namespacePath);
  process.kill(await notedPid(), 'SIGKILL');
  await network.closed;
  await expect.poll(() => inNamespace(identity)).toEqual([]);
  await expect(network.usage()).rejects.toMatchObject({ code: 'network_failed' });
  await expect(network.dial(80)).rejects.toMatchObject({ code: 'network_failed' });
  expect(await adoptBoxNetwork(host, options)).toBeUndefined();
  await network.close();
  await (await openBoxNetwork(host, binary, options)).close();
});

test('killing what holds the namespace ends the process too', async () => {
  const network = await openBoxNetwork(host, binary, options);
  const [keeper] = await inNamespace(await readlink(network.namespacePath));
  process.kill(Number(keeper), 'SIGKILL');
  await network.closed;
});

/** Another runtime opens the network, and is killed. */
async function openAndDie(attached: boolean, opened = 'openBoxNetwork'): Promise<string> {
  const program = `
    import { openHost } from '${new URL('../host/host.ts', import.meta.url)}';
    import { openBoxNetwork, prepareBoxNetwork } from '${new URL('./open-box-network.ts', import.meta.url)}';
    import { readlink } from 'node:fs/promises';
    const host = await openHost({ binary: '${binary}', lockPath: '${folder}/other/lock' });
    const network = await ${opened}(host, '${binary}', { ...${JSON.stringify(options)}, attached: ${attached}, ports: [{ guestPort: 80 }] });
    console.log(network.namespacePath ? await readlink(network.namespacePath) : 'prepared');
    setInterval(() => {}, 1000);`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [identity] = await once(createInterface({ input: child.stdout }), 'line');
  child.kill('SIGKILL');
  await once(child, 'close');
  return String(identity);
}

test('an attached network ends with its runtime', async () => {
  const identity = await openAndDie(true);
  await expect.poll(() => inNamespace(identity)).toEqual([]);
  expect(await adoptBoxNetwork(host, options)).toBeUndefined();
});

test('a detached network outlives its runtime, and the next one takes it up as it is', async () => {
  const identity = await openAndDie(false);
  expect(await inNamespace(identity)).toHaveLength(1);
  const network = await adoptBoxNetwork(host, options);
  if (network === undefined) throw new Error('nothing to adopt');
  expect(await readlink(network.namespacePath)).toBe(identity);
  expect(network.ports).toEqual([expect.objectContaining({ guestPort: 80, hostIp: '127.0.0.1' })]);
  expect(network.resolver).toBe('192.168.127.1');
  await network.close();
  await expect.poll(() => inNamespace(identity)).toEqual([]);
});

test('a network that nobody wants any more is removed by its folder, its note or not', async () => {
  for (const note of [true, false]) {
    const identity = await openAndDie(false);
    if (!note) await rm(`${folder}/box/network.json`);
    await removeBoxNetwork(host, options);
    await expect.poll(() => inNamespace(identity)).toEqual([]);
    expect(await readdir(`${folder}/box`)).toEqual([]);
  }
  await removeBoxNetwork(host, options);
});

test('a network that was prepared and never joined ends with its runtime, detached or not, and is nobody to adopt', async () => {
  expect(await openAndDie(false, 'prepareBoxNetwork')).toBe('prepared');
  await expect.poll(() => processesOf(options)).toEqual([]);
  expect(await adoptBoxNetwork(host, options)).toBeUndefined();
  const prepared = await prepareBoxNetwork(host, binary, options);
  expect(await processesOf(options)).toHaveLength(2);
  // It waits for one word only, and carries for nobody.
  await expect(adoptBoxNetwork(host, options)).rejects.toThrow();
  await expect.poll(() => processesOf(options)).toEqual([]);
  await expect(prepared.join(`/proc/${process.pid}/ns/net`)).rejects.toMatchObject({ code: 'network_failed' });
  const other = await prepareBoxNetwork(host, binary, options);
  await other.close();
  await expect.poll(() => processesOf(options)).toEqual([]);
  expect(await readdir(`${folder}/box`)).toEqual([]);
});

test('many are opened at once, each with its own namespace', async () => {
  const networks = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const place = { ...options, id: `box${i}`, folder: `${folder}/box${i}`, attached: true };
      await mkdir(place.folder);
      return await openBoxNetwork(host, binary, place);
    }),
  );
  const identities = await Promise.all(networks.map(({ namespacePath }) => readlink(namespacePath)));
  expect(new Set(identities).size).toBe(20);
  await Promise.all(networks.map((network) => network.close()));
});

test('a namespace that a box made for itself is joined, and served while root in it is nobody outside', async () => {
  const box = spawn(
    'unshare',
    ['--user', '--map-root-user', '--net', '--mount', 'sh', '-c', 'echo up; exec sleep 1000000'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(createInterface({ input: box.stdout }), 'line');
  const namespacePath = `/proc/${box.pid}/ns/net`;
  const network = await (await prepareBoxNetwork(host, binary, options)).join(namespacePath);
  expect(await readlink(network.namespacePath)).toBe(await readlink(namespacePath));
  const script = 'mount -t sysfs sys /sys && ls /sys/class/net | tr "\\n" " "';
  const exit = await host.spawn({
    argv: ['/usr/bin/nsenter', `--target=${box.pid}`, '--user', '--net', '--mount', '/bin/sh', '-c', script],
    output: 'capture',
  });
  expect(exit.stdout).toBe('boxlite0 eth0 lo ');
  const both = await processesOf(options);
  expect(both).toHaveLength(2);
  for (const each of both) await assertWithoutPrivilege(each);
  const reached = await host.spawn({
    argv: [
      '/usr/bin/nsenter',
      `--net=${namespacePath}`,
      '/usr/bin/python3',
      '-c',
      "import socket; socket.create_connection(('10.0.0.1', 80)).recv(1)",
    ],
    output: 'capture',
  });
  expect(reached.stderr).toContain('ConnectionResetError');
  expect(await network.events()).toEqual([
    expect.objectContaining({ address: '10.0.0.1', reason: expect.stringContaining('a private address') }),
  ]);
  await network.close();
  box.kill('SIGKILL');
  const prepared = await prepareBoxNetwork(host, binary, options);
  await expect(prepared.join('/proc/self/nothing')).rejects.toThrow('join the network namespace: No such file');
  expect(existsSync(`${options.folder}/network.sock`)).toBe(false);
});
