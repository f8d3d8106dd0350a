import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { clockOptions } from '../../packages/runtime/src/engine/qemu/clock.ts';
import { type CpioEntry, cpioArchive, cpioMode } from '../../packages/runtime/src/engine/qemu/cpio.ts';
import { findKernel, type Kernel } from '../../packages/runtime/src/engine/qemu/kernel.ts';
import { modulesWithNeeds } from './modules.ts';
import { type SharedFiles, shareFiles } from './shared-files.ts';

/** What a machine with cgroups of version 2 runs. */
export interface MachineOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Its standard output and error, as it comes. */
  readonly onOutput: (bytes: Buffer) => void;
  readonly timeoutMs: number;
  /** Ends the machine. */
  readonly signal?: AbortSignal;
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

async function machineArguments(folder: string, kernel: Kernel, files: SharedFiles): Promise<readonly string[]> {
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
    ...['-chardev', `socket,id=files,path=${files.socket}`],
    ...['-device', 'vhost-user-fs-device,chardev=files,tag=host'],
    ...['-chardev', `file,id=log,path=${folder}/console.log`, '-device', 'isa-serial,chardev=log'],
    ...['-device', 'virtio-serial-device', '-chardev', 'stdio,id=out,signal=off'],
    ...['-device', 'virtserialport,chardev=out,nr=1', '-chardev', `file,id=exit,path=${folder}/exit`],
    ...['-device', 'virtserialport,chardev=exit,nr=2'],
  ];
}

/** Makes what the machine starts from: an initial file system, and a disk for what it writes. */
async function prepare(folder: string, kernel: Kernel, options: MachineOptions): Promise<void> {
  await writeFile(`${folder}/initramfs`, await initramfs(kernel, options));
  const disk = await open(`${folder}/disk.img`, 'wx');
  await disk.truncate(16 * 1024 ** 3);
  await disk.close();
  await promisify(execFile)('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=1,nodiscard', `${folder}/disk.img`]);
}

async function run(argv: readonly string[], { onOutput, timeoutMs, signal }: MachineOptions): Promise<void> {
  // At the end of its input QEMU would say that nobody reads its output.
  const machine = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['pipe', 'pipe', 'pipe'] });
  const end = (): void => void machine.kill('SIGKILL');
  const limit = setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end);
  machine.stdout.on('data', onOutput);
  machine.stderr.on('data', onOutput);
  await once(machine, 'close');
  clearTimeout(limit);
}

/** Runs a command in a machine with two processors, this host's files, cgroups of version 2 only and no network; its exit code. */
export async function runInMachine(options: MachineOptions): Promise<number> {
  const kernel = await findKernel([join(repository, '.setup/kernel')]);
  const folder = await mkdtemp(join(tmpdir(), 'machine-'));
  let files: SharedFiles | undefined;
  try {
    await prepare(folder, kernel, options);
    files = await shareFiles(folder);
    await run(['qemu-system-x86_64', ...(await machineArguments(folder, kernel, files))], options);
    const code = await readFile(`${folder}/exit`, 'utf8').catch(() => '');
    if (/^\d+\n$/.test(code)) return Number(code);
    const log = (await readFile(`${folder}/console.log`, 'utf8').catch(() => '')).split('\n').slice(-20).join('\n');
    throw new Error(`the machine ended before its command, or took over ${options.timeoutMs / 1000} s:\n${log}`);
  } finally {
    await files?.close();
    await rm(folder, { recursive: true, force: true });
  }
}
