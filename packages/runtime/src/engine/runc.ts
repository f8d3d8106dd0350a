import { chmod, mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { EngineError, InvalidStateError } from 'boxlite/backend';
import { freeze, thaw } from '../cgroup/freezer.ts';
import { cgroupUsage } from '../cgroup/usage.ts';
import { type CgroupLayout, cgroupDirectories, readCgroupLayout } from '../cgroup/version.ts';
import { type HostAction, hostActions } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import { checkBox, checkBoxId } from './box-check.ts';
import { boxIdsOf } from './box-ids.ts';
import { boxMounts, hasMountPoints, makeMountPoints, mountVolumes, unmountActions, unmountBox } from './box-mounts.ts';
import { boxPaths, diskImages, mountRootfs } from './disk.ts';
import type { Engine, EngineBox } from './engine.ts';
import { type InitProcess, isRunning, readInitProcess } from './init-process.ts';
import { etcFiles, ociConfig } from './oci-config.ts';
import { boxResourceLimits, processLimits } from './privileges.ts';
import { findProgram } from './program.ts';

type Place = Pick<EngineBox, 'id' | 'folder'>;

export interface RuncEngineOptions {
  readonly host: Host;
  /** `boxlite-guest`; it is bound read-only into every box. */
  readonly guestBinary: string;
  /** The engine's own state and disk templates; below the runtime's home. */
  readonly stateDir: string;
  /** A path or a name. @default 'runc' */
  readonly runc?: string;
}

const endMs = 5000;

function cgroupOf(id: string): string {
  return `/boxlite/${id}`;
}

async function hasSwapLimits(layout: CgroupLayout | undefined): Promise<boolean> {
  if (layout === undefined) return false;
  if (layout.version === 2) return true;
  const file = `${layout.mounts.get('memory')}/memory.memsw.limit_in_bytes`;
  return (await stat(file).catch(() => undefined)) !== undefined;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

// Every user of the box must be able to read it, whatever this process's umask is.
async function writeReadable(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o644);
}

/** The last message of runc's log, which has one JSON object a line. */
async function lastMessage(log: string): Promise<string> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
  const message = /"msg":("(?:[^"\\]|\\.)*")/.exec(lines.at(-1) ?? '')?.[1];
  return message === undefined ? 'no message' : String(JSON.parse(message));
}

// Within the box's own share of the processor: a fork bomb would leave its guest no time to end it.
function preferGuest(pid: number): void {
  try {
    setPriority(pid, -20);
  } catch {
    // Without the privilege, or gone already, which its channel will tell.
  }
}

/** Boxes as containers of runc. `EngineError` when runc is missing or does not run. */
export async function runcEngine(options: RuncEngineOptions): Promise<Engine> {
  const { host, guestBinary, stateDir } = options;
  const runc = await findProgram(options.runc ?? 'runc');
  if (runc === undefined)
    throw new EngineError(`${options.runc ?? 'runc'} is not installed; run: sudo apt-get install -y runc`);
  const root = `${stateDir}/runc`;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const asked = await host.spawn({ argv: [runc, '--version'], output: 'capture' });
  const version = /version (\S+)/.exec(asked.stdout)?.[1];
  if (version === undefined) throw new EngineError(`${runc} --version failed: ${asked.stderr.trim()}`);
  const [layout, limits, ids] = await Promise.all([
    host.space.rootless ? undefined : readCgroupLayout(),
    boxResourceLimits(),
    boxIdsOf(host),
  ]);
  const limitProcesses = await processLimits();
  const swapLimits = await hasSwapLimits(layout);
  const makeImage = diskImages(host, `${stateDir}/templates`);

  const command = (log: string, ...args: string[]): string[] => [
    ...[runc, '--root', root, '--log', log, '--log-format', 'json'],
    ...args,
  ];
  const undoActions = ({ id, folder, volumes }: EngineBox, init?: InitProcess): readonly HostAction[] => {
    const { disk } = boxPaths(folder);
    return [
      ...(init === undefined ? [] : [hostActions.kill({ ...init, waitMs: endMs })]),
      ...(init === undefined ? [] : [hostActions.spawn({ argv: [runc, '--root', root, 'delete', id] })]),
      hostActions.spawn({ argv: [runc, '--root', root, 'delete', '--force', id] }),
      ...unmountActions(host, id, volumes.length),
      hostActions.umount(disk, { detach: true }),
    ];
  };
  const unmount = async (target: string): Promise<void> => {
    // Busy for a moment while another starting box still has a copy of the mount, or for good if someone on the host is in it.
    await host.umount(target).catch(() => host.umount(target, { detach: true }));
  };
  const deleteContainer = async ({ id, folder }: Place): Promise<void> => {
    const init = await readInitProcess(root, id).catch(() => undefined);
    const { log } = boxPaths(folder);
    if (init !== undefined) {
      const outcome = await host.kill({ ...init, signal: 0, waitMs: endMs });
      if (outcome !== 'running') {
        const deleted = await host.spawn({ argv: command(log, 'delete', id) });
        if (deleted.exitCode === 0) return;
      }
    }
    if (!(await exists(`${root}/${id}`))) return;
    const forced = await host.spawn({ argv: command(log, 'delete', '--force', id) });
    if (forced.exitCode !== 0)
      throw new EngineError(`runc cannot delete box ${id}: ${await lastMessage(log)}; see ${log}`);
    // Without a readable state runc forgets nothing.
    await host.removeTree(`${root}/${id}`);
  };
  const removeCgroups = async (id: string): Promise<void> => {
    if (layout === undefined) return;
    await Promise.all(cgroupDirectories(layout, cgroupOf(id)).map((path) => rmdir(path).catch(() => undefined)));
  };

  const release = async (place: Place): Promise<void> => {
    checkBoxId(place.id);
    const { formerRootfs, disk } = boxPaths(place.folder);
    await deleteContainer(place);
    await unmountBox(host, place.id, unmount);
    if (await exists(formerRootfs)) await unmount(formerRootfs);
    await unmount(disk);
    await removeCgroups(place.id);
    await host.clearUndo(place.id);
  };

  const writeConfig = async (box: EngineBox): Promise<void> => {
    const { etc, config, log, pidFile } = boxPaths(box.folder);
    await mkdir(etc, { recursive: true });
    await chmod(etc, 0o755);
    const files = Object.entries(etcFiles(box.hostname));
    const mounted = boxMounts(host.space, box.id);
    const options = {
      guestBinary,
      etc,
      cgroup: cgroupOf(box.id),
      layout,
      swapLimits,
      limits,
      ids,
      mounted,
      limitProcesses,
    };
    const spec = ociConfig(box, options);
    await Promise.all([
      ...files.map(([name, text]) => writeReadable(`${etc}/${name}`, text)),
      writeFile(config, JSON.stringify(spec), { mode: 0o600 }),
      rm(log, { force: true }),
      rm(pidFile, { force: true }),
    ]);
  };
  const run = async (box: EngineBox): Promise<InitProcess> => {
    const { log, pidFile } = boxPaths(box.folder);
    // A keyring of its own would count against the 200 keys that a host lets the boxes' unprivileged user have, and so
    // end at 200 boxes. No box reaches the one it inherits: every preset denies keyctl, add_key and request_key.
    const args = ['run', '--detach', '--no-new-keyring', '--preserve-fds', '1'];
    args.push('--pid-file', pidFile, '--bundle', box.folder, box.id);
    const exit = await host.spawn({ argv: command(log, ...args), listenPath: box.socketPath });
    if (exit.exitCode !== 0) {
      const reason = exit.timedOut ? 'it took longer than 30 s' : await lastMessage(log);
      throw new EngineError(`runc cannot start box ${box.id}: ${reason}; run boxlite doctor`);
    }
    const init = await readInitProcess(root, box.id);
    if (init === undefined) throw new EngineError(`box ${box.id} has no state in ${root}; was it deleted meanwhile?`);
    return init;
  };

  const mountAll = async (box: EngineBox): Promise<void> => {
    await makeMountPoints(host, box.id, ids);
    // One that fails leaves none on its way: what is mounted is then taken away.
    const steps = await Promise.allSettled([mountRootfs(host, box, ids, makeImage), mountVolumes(host, box, ids)]);
    for (const step of steps) if (step.status === 'rejected') throw step.reason;
  };

  const start = async (box: EngineBox): ReturnType<Engine['start']> => {
    await checkBox(box);
    const paths = boxPaths(box.folder);
    const began = performance.now();
    let mounted = 0;
    let configured = 0;
    const left = await readInitProcess(root, box.id).catch(() => undefined);
    if (left !== undefined && (await isRunning(left)))
      throw new InvalidStateError(`box ${box.id} is already running as process ${left.pid}; stop it first`);
    const fresh = !(await exists(paths.disk));
    if (left !== undefined || (await hasMountPoints(host, box.id))) await release(box);
    try {
      // In order on the channel: the host knows how to undo before there is anything to undo.
      const undo = box.attached ? host.undo(box.id, undoActions(box)) : undefined;
      const steps = await Promise.allSettled([
        undo,
        mountAll(box).then(() => {
          mounted = performance.now() - began;
        }),
        writeConfig(box).then(() => {
          configured = performance.now() - began;
        }),
      ]);
      for (const step of steps) if (step.status === 'rejected') throw step.reason;
      const prepared = performance.now();
      const init = await run(box);
      if (layout !== undefined) preferGuest(init.pid);
      if (box.attached) await host.undo(box.id, undoActions(box, init));
      const spawnMs = performance.now() - prepared;
      return { pid: init.pid, timing: { filesystemMs: mounted, configMs: configured, spawnMs } };
    } catch (error) {
      // The first error is the one to tell; what cannot be undone now, `release` and `destroy` try again.
      await release(box).catch(() => undefined);
      if (fresh) await destroy(box).catch(() => undefined);
      throw error;
    }
  };

  const destroy = async ({ folder }: Place): Promise<void> => {
    const { formerRootfs, disk, image, etc, config, log, pidFile } = boxPaths(folder);
    await Promise.all([formerRootfs, disk, etc].map((path) => host.removeTree(path)));
    await Promise.all([image, config, log, pidFile].map((path) => rm(path, { force: true })));
  };

  const pid = async ({ id }: Place): Promise<number | undefined> => {
    checkBoxId(id);
    const init = await readInitProcess(root, id);
    return init !== undefined && (await isRunning(init)) ? init.pid : undefined;
  };

  // By signals, where there is no freezer.
  const stopOrGo = async (id: string, stop: boolean): Promise<void> => {
    const init = await readInitProcess(root, id);
    if (init !== undefined) await host.freeze(init, stop);
  };

  return {
    name: 'runc',
    cgroups: layout !== undefined,
    networks: true,
    version,
    start,
    async kill({ id }) {
      checkBoxId(id);
      // Under version 1 a frozen process does not even take a KILL.
      if (layout !== undefined) await thaw(layout, cgroupOf(id));
      const init = await readInitProcess(root, id);
      if (init !== undefined) await host.kill(init);
    },
    release,
    destroy,
    pid,
    async pause(box) {
      checkBoxId(box.id);
      if (layout === undefined) return stopOrGo(box.id, true);
      if (box.attached) {
        // Whatever ends this process has to thaw what it ends.
        const init = await readInitProcess(root, box.id);
        const resume = hostActions.spawn({ argv: [runc, '--root', root, 'resume', box.id] });
        await host.undo(box.id, [resume, ...undoActions(box, init)]);
      }
      await freeze(layout, cgroupOf(box.id));
    },
    async resume(box) {
      checkBoxId(box.id);
      if (layout !== undefined) await thaw(layout, cgroupOf(box.id));
      else await stopOrGo(box.id, false);
    },
    async usage(id) {
      checkBoxId(id);
      if (layout !== undefined) return cgroupUsage(layout, cgroupOf(id));
      const init = await readInitProcess(root, id);
      if (init === undefined || !(await isRunning(init))) return undefined;
      return { ...(await host.usage(init)), oomKills: 0 };
    },
  };
}
