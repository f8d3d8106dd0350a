import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { clockOptions } from '../../packages/runtime/src/engine/qemu/clock.ts';
import { type CpioEntry, cpioArchive, cpioMode } from '../../packages/runtime/src/engine/qemu/cpio.ts';
import { findKernel, type Kernel } from '../../packages/runtime/src/engine/qemu/kernel.ts';
import { modulesWithNeeds } from './modules.ts';

/** What a machine with cgroups of version 2 runs. */
export interface MachineOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Its standard output and error, as it comes. */
  readonly onOutput: (bytes: Buffer) => void;
  readonly timeoutMs: number;
}

const repository = join(import.meta.dirname, '../..');
const modules = [
  ...['virtio_mmio', 'virtio_blk', 'virtio_console', 'virtiofs', 'overlay', 'loop'],
  ...['veth', 'nft_tproxy', 'nft_reject_ipv4'],
];

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function commandScript({ argv, env, cwd }: MachineOptions): string {
  const variables = Object.entries({ PATH: process.env['PATH'] ?? '', HOME: '/root', TMPDIR: '/run/tmp', ...env });
  const set = variables.map(([name, value]) => `export ${name}=${quoted(value)}\n`).join('');
  return `${set}cd ${quoted(cwd)}\nexec ${argv.map(quoted).join(' ')}\n`;
}

async function initramfs(kernel: Kernel, options: MachineOptions): Promise<Buffer> {
  const paths = await modulesWithNeeds(join(repository, '.setup/kernel/lib/modules', kernel.release), modules);
  const { directory, file, characterDevice } = cpioMode;
  const own = async (name: string, from: string): Promise<CpioEntry> => ({
    ...{ name, mode: file },
    content: await readFile(from),
  });
  return cpioArchive([
    ...['dev', 'proc', 'bin', 'modules', 'host', 'disk', 'root'].map((name) => ({ name, mode: directory })),
    { name: 'dev/console', mode: characterDevice, device: { major: 5, minor: 1 } },
    await own('bin/busybox', '/bin/busybox'),
    ...(await Promise.all(
      paths.map((path, i) => own(`modules/${String(i).padStart(2, '0')}-${basename(path)}`, path)),
    )),
    await own('init', join(import.meta.dirname, 'init.sh')),
    await own('start.sh', join(import.meta.dirname, 'start.sh')),
    { name: 'command.sh', mode: file, content: Buffer.from(commandScript(options)) },
  ]);
}

/** Shares this host's files with the machine. It ends with its machine. */
function shareFiles(folder: string): ChildProcessByStdio<null, null, Readable> {
  // The root directory itself cannot be shared, as what shares it makes it its own root directory.
  const script = 'mkdir "$0" && mount --rbind / "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  const share = [
    `--socket-path=${folder}/files.sock`,
    '-o',
    `source=${folder}/host`,
    '-o',
    'cache=always',
    ...(process.env['DBG'] ? ['-d'] : []),
  ];
  const argv = ['--mount', 'sh', '-c', script, `${folder}/host`, '/usr/lib/qemu/virtiofsd', ...share];
  return spawn('unshare', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function machineArguments(folder: string, kernel: Kernel): Promise<readonly string[]> {
  const line = ['console=ttyS0', 'loglevel=4', 'panic=-1', 'reboot=t', 'random.trust_cpu=on', 'cryptomgr.notests'];
  const disk = { driver: 'raw', 'node-name': 'disk', cache: { 'no-flush': true } };
  const file = { driver: 'file', filename: `${folder}/disk.img` };
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-cpu', 'max'],
    ...['-global', 'virtio-mmio.force-legacy=false'],
    ...['-M', 'microvm,auto-kernel-cmdline=off,rtc=on,memory-backend=memory', '-accel', 'tcg,thread=multi'],
    ...['-m', '3G', '-smp', '2', '-object', 'memory-backend-memfd,id=memory,size=3G,share=on'],
    ...['-kernel', kernel.image, '-initrd', `${folder}/initramfs`],
    ...['-append', [...line, ...(await clockOptions('tcg'))].join(' ')],
    ...['-blockdev', JSON.stringify({ ...disk, file }), '-device', 'virtio-blk-device,drive=disk'],
    ...[
      '-chardev',
      `socket,id=files,path=${folder}/files.sock`,
      '-device',
      'vhost-user-fs-device,chardev=files,tag=host',
    ],
    ...['-chardev', `file,id=log,path=${folder}/console.log`, '-device', 'isa-serial,chardev=log'],
    ...['-device', 'virtio-serial-device', '-chardev', 'stdio,id=out,signal=off'],
    ...['-device', 'virtserialport,chardev=out,nr=1', '-chardev', `file,id=exit,path=${folder}/exit`],
    ...['-device', 'virtserialport,chardev=exit,nr=2'],
  ];
}

async function listening(files: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    files.once('exit', () => reject(new Error(`virtiofsd does not share this host's files: ${said}`)));
    // Read to its end: it must not find its pipe closed.
    files.stderr.on('data', (bytes: Buffer) => {
      said += String(bytes);
      if (process.env['DBG']) process.stderr.write(bytes);
      if (said.includes('Waiting for vhost-user socket connection')) resolve();
    });
  });
}

/** Runs a command in a machine with two processors, this host's files, cgroups of version 2 only and no network; its exit code. */
export async function runInMachine(options: MachineOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'machine-'));
  const kernel = await findKernel([join(repository, '.setup/kernel')]);
  await writeFile(`${folder}/initramfs`, await initramfs(kernel, options));
  const disk = await open(`${folder}/disk.img`, 'wx');
  await disk.truncate(16 * 1024 ** 3);
  await disk.close();
  await promisify(execFile)('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=1,nodiscard', `${folder}/disk.img`]);
  const files = shareFiles(folder);
  const ended = once(files, 'exit');
  try {
    await listening(files);
    const argv = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...(await machineArguments(folder, kernel))];
    // At the end of its input QEMU would say that nobody reads its output.
    const machine = spawn('setpriv', argv, { stdio: ['pipe', 'pipe', 'pipe'] });
    const limit = setTimeout(() => machine.kill('SIGKILL'), options.timeoutMs);
    machine.stdout.on('data', options.onOutput);
    machine.stderr.on('data', options.onOutput);
    await once(machine, 'exit');
    clearTimeout(limit);
    const code = await readFile(`${folder}/exit`, 'utf8').catch(() => '');
    if (/^\d+\n$/.test(code)) return Number(code);
    const log = (await readFile(`${folder}/console.log`, 'utf8').catch(() => '')).split('\n').slice(-20).join('\n');
    throw new Error(`the machine ended before its command, or took over ${options.timeoutMs / 1000} s:\n${log}`);
  } finally {
    files.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}
