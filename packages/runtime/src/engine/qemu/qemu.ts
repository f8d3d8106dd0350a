import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { EngineError, InvalidArgumentError, InvalidStateError } from 'boxlite/backend';
import { hostActions } from '../../host/action.ts';
import type { Host } from '../../host/host.ts';
import { checkBox, checkBoxId } from '../box-check.ts';
import { diskImages } from '../disk.ts';
import type { Engine, EngineBox } from '../engine.ts';
import { findProgram } from '../program.ts';
import { probeAccelerator } from './accelerator.ts';
import { clockOptions } from './clock.ts';
import { openImageDisks } from './image-disk.ts';
import { writeInitramfs } from './initramfs.ts';
import { findKernel } from './kernel.ts';
import { machineCommand } from './machine.ts';
import { machineUsage, readMachine } from './machine-process.ts';
import { versionOfQemu } from './version.ts';

type Place = Pick<EngineBox, 'id' | 'folder'>;

export interface QemuEngineOptions {
  readonly host: Host;
  /** `boxlite-guest`: the first process of every machine. */
  readonly guestBinary: string;
  /** Disks of images, disk templates and the initial file system; below the runtime's home. */
  readonly stateDir: string;
  /** Where to look for `boot/vmlinuz-*` and `lib/modules/`, in this order. */
  readonly kernelRoots: readonly string[];
  /** A path or a name. @default 'qemu-system-x86_64' */
  readonly qemu?: string;
}

const endMs = 5000;
const defaultDiskSizeGb = 10;
// A machine that is translated may take seconds to start, and much longer on a host that has no time for it.
const guestMs = { kvm: 20_000, tcg: 60_000 };

function paths(folder: string) {
  return { pidFile: `${folder}/machine.pid`, boxDisk: `${folder}/disk.img`, imageDisk: `${folder}/image.erofs` };
}

// One user for each box: what takes one machine's process over can do nothing to another's.
function userOf(id: string): number {
  return 0x6000_0000 + (createHash('sha256').update(id).digest().readUInt32LE() % 0x1000_0000);
}

async function needProgram(name: string, debianPackage: string): Promise<string> {
  const path = await findProgram(name);
  if (path !== undefined) return path;
  throw new EngineError(
    `engine qemu needs ${name}, which is not installed; run: sudo apt-get install -y ${debianPackage}`,
  );
}

function checkMachine(box: EngineBox): void {
  if (box.volumes.length > 0)
    throw new InvalidArgumentError('volumes: engine qemu cannot share host directories; choose engine runc');
  if (box.tmpfs.length > 0)
    throw new InvalidArgumentError('tmpfs: engine qemu cannot mount directories in memory; choose engine runc');
  if (box.memoryMib < 64)
    throw new InvalidArgumentError(`memoryMib: ${box.memoryMib} is not at least 64, for engine qemu`);
}

/** Boxes as virtual machines of QEMU, each with a kernel of its own. `EngineError` when something for it is missing. */
export async function qemuEngine(options: QemuEngineOptions): Promise<Engine> {
  const { host, guestBinary } = options;
  const stateDir = `${options.stateDir}/qemu`;
  const [qemu, mkfs, prlimit, kernel] = await Promise.all([
    needProgram(options.qemu ?? 'qemu-system-x86_64', 'qemu-system-x86'),
    needProgram('mkfs.erofs', 'erofs-utils'),
    needProgram('prlimit', 'util-linux'),
    findKernel(options.kernelRoots),
  ]);
  const version = await versionOfQemu(qemu);
  if (version === undefined)
    throw new EngineError(`${qemu} --version fails; run: sudo apt-get install -y qemu-system-x86 --reinstall`);
  const emptyFolder = `${stateDir}/empty`;
  await mkdir(emptyFolder, { recursive: true, mode: 0o700 });
  const initramfs = `${stateDir}/initramfs.cpio`;
  await writeInitramfs(initramfs, guestBinary, kernel);
  const { accelerator } = await probeAccelerator({ qemu, kernel: kernel.image, initramfs });
  const clock = await clockOptions(accelerator);
  const imageDisks = await openImageDisks(host, mkfs, stateDir);
  const makeBoxDisk = diskImages(host, `${options.stateDir}/templates`);

  const imageDiskOf = async (box: EngineBox): Promise<string> => {
    if ('layers' in box.rootfs) return imageDisks.ofLayers(box.rootfs.layers);
    const { imageDisk } = paths(box.folder);
    await imageDisks.ofDirectory(box.rootfs.path, imageDisk);
    return imageDisk;
  };
  const prepareDisks = async (box: EngineBox): Promise<string> => {
    const { boxDisk } = paths(box.folder);
    const made = await stat(boxDisk).catch(() => undefined);
    const [imageDisk] = await Promise.all([
      imageDiskOf(box),
      made ?? makeBoxDisk(boxDisk, box.diskSizeGb ?? defaultDiskSizeGb),
    ]);
    return imageDisk;
  };

  // Where the boxes lie whose use may be asked for: those that were started here, or found running.
  const folders = new Map<string, string>();
  const pid = async ({ id, folder }: Place): Promise<number | undefined> => {
    checkBoxId(id);
    const machine = await readMachine(paths(folder).pidFile);
    if (machine !== undefined) folders.set(id, folder);
    return machine?.pid;
  };

  const signal = async ({ id, folder }: Place, number: number): Promise<void> => {
    checkBoxId(id);
    const machine = await readMachine(paths(folder).pidFile);
    if (machine !== undefined) await host.kill({ ...machine, signal: number });
  };

  const release = async ({ id, folder }: Place): Promise<void> => {
    checkBoxId(id);
    const { pidFile } = paths(folder);
    const machine = await readMachine(pidFile);
    if (machine !== undefined && (await host.kill({ ...machine, signal: 0, waitMs: endMs })) === 'running')
      await host.kill({ ...machine, waitMs: endMs });
    await rm(pidFile, { force: true });
    folders.delete(id);
    await host.clearUndo(id);
  };
  const destroy = async ({ folder }: Place): Promise<void> => {
    const { boxDisk, imageDisk } = paths(folder);
    await Promise.all([boxDisk, imageDisk].map((path) => rm(path, { force: true })));
  };

  const run = async (box: EngineBox, imageDisk: string): Promise<number> => {
    const { pidFile, boxDisk } = paths(box.folder);
    // Its pid is not known before it runs.
    const end = hostActions.spawn({ argv: ['/bin/sh', '-c', 'kill -9 "$(cat "$0")"', pidFile] });
    if (box.attached) await host.undo(box.id, [end]);
    const parts = { qemu, prlimit, accelerator, initramfs, clock, imageDisk, boxDisk, pidFile, emptyFolder };
    const argv = machineCommand(box, { ...parts, kernel: kernel.image, uid: userOf(box.id) });
    const exit = await host.spawn({ argv, listenPath: box.socketPath, output: 'capture' });
    const machine = await readMachine(pidFile);
    if (exit.exitCode !== 0 || machine === undefined) {
      const reason = exit.timedOut ? 'it took longer than 30 s' : exit.stderr.trim() || 'no message';
      throw new EngineError(`qemu cannot start box ${box.id}: ${reason}; run boxlite doctor`);
    }
    if (box.attached) await host.undo(box.id, [hostActions.kill({ ...machine, waitMs: endMs })]);
    return machine.pid;
  };

  const start = async (box: EngineBox): ReturnType<Engine['start']> => {
    await checkBox(box);
    checkMachine(box);
    const { pidFile, boxDisk } = paths(box.folder);
    const began = performance.now();
    const left = await readMachine(pidFile);
    if (left !== undefined)
      throw new InvalidStateError(`box ${box.id} is already running as process ${left.pid}; stop it first`);
    await rm(pidFile, { force: true });
    await mkdir(box.folder, { recursive: true, mode: 0o700 });
    const fresh = (await stat(boxDisk).catch(() => undefined)) === undefined;
    try {
      const imageDisk = await prepareDisks(box);
      const prepared = performance.now();
      const machine = await run(box, imageDisk);
      folders.set(box.id, box.folder);
      const timing = { filesystemMs: prepared - began, configMs: 0, spawnMs: performance.now() - prepared };
      return { pid: machine, timing };
    } catch (error) {
      // The first error is the one to tell; what cannot be undone now, `release` and `destroy` try again.
      await release(box).catch(() => undefined);
      if (fresh) await destroy(box).catch(() => undefined);
      throw error;
    }
  };

  return {
    name: 'qemu',
    cgroups: true,
    networks: undefined,
    version: `${version} (${accelerator}, Linux ${kernel.release})`,
    guestMs: guestMs[accelerator],
    start,
    kill: async (place) => await signal(place, constants.signals.SIGKILL),
    release,
    destroy,
    pid,
    // The whole machine stands still; what it had to do is late then, and its clock has gone on.
    pause: async ({ id, folder }) => await signal({ id, folder }, constants.signals.SIGSTOP),
    resume: async ({ id, folder }) => await signal({ id, folder }, constants.signals.SIGCONT),
    async usage(id) {
      const folder = folders.get(id);
      const running = folder === undefined ? undefined : await pid({ id, folder });
      return running === undefined ? undefined : await machineUsage(running);
    },
  };
}
