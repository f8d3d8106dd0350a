import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm, rmdir, stat } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { EngineError, InvalidStateError } from 'boxlite/backend';
import { boxesCgroup } from '../cgroup/boxes-cgroup.ts';
import { freeze, thaw } from '../cgroup/freezer.ts';
import { cgroupUsage } from '../cgroup/usage.ts';
import { needUserCgroups } from '../cgroup/user-cgroup.ts';
import { type CgroupLayout, cgroupDirectories, readCgroupLayout } from '../cgroup/version.ts';
import { type HostAction, hostActions } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import { mountedBelow, readMounts } from '../host/mounts.ts';
import { checkBox, checkBoxId } from './box-check.ts';
import { boxIdsOf } from './box-ids.ts';
import { boxMounts, hasMountPoints, makeMountPoints, mountVolumes, unmountActions, unmountBox } from './box-mounts.ts';
import { type ContainerRuntime, crun, runc } from './container-runtime.ts';
import { containersRoot, openContainers } from './containers.ts';
import { boxPaths, diskTemplates, mountRootfs } from './disk.ts';
import type { Engine, EngineBox } from './engine.ts';
import { type InitProcess, isRunning } from './init-process.ts';
import { etcFiles, type NestedMount, ociConfig } from './oci-config.ts';
import { boxResourceLimits, processLimits } from './privileges.ts';
import { openSpareDisk, type TakenDisk } from './spare-disk.ts';

type Place = Pick<EngineBox, 'id' | 'folder'>;

interface ContainerEngineOptions {
  readonly host: Host;
  /** `boxlite-guest`; it is bound read-only into every box. */
  readonly guestBinary: string;
  /** The engine's own state and disk templates; below the runtime's home. */
  readonly stateDir: string;
}

export interface RuncEngineOptions extends ContainerEngineOptions {
  /** A path or a name. @default 'runc' */
  readonly runc?: string;
}

export interface CrunEngineOptions extends ContainerEngineOptions {
  /** A path or a name. @default 'crun' */
  readonly crun?: string;
}

async function hasSwapLimits(layout: CgroupLayout | undefined): Promise<boolean> {
  if (layout === undefined) return false;
  if (layout.version === 2) return true;
  const file = `${layout.mounts.get('memory')}/memory.memsw.limit_in_bytes`;
  return (await stat(file).catch(() => undefined)) !== undefined;
}

async function nestedMounts({ volumes }: EngineBox): Promise<readonly NestedMount[]> {
  if (volumes.length === 0) return [];
  const mounts = await readMounts();
  return volumes.flatMap(({ hostPath }, volume) => mountedBelow(mounts, hostPath).map((path) => ({ volume, path })));
}

// Every user of the box must be able to read it, whatever this process's umask is.
function writeReadable(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
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
export function runcEngine(options: RuncEngineOptions): Promise<Engine> {
  return containerEngine(options, runc, options.runc ?? runc.name);
}

/** Boxes as containers of crun. `EngineError` when crun is missing, does not run or refuses this host. */
export function crunEngine(options: CrunEngineOptions): Promise<Engine> {
  return containerEngine(options, crun, options.crun ?? crun.name);
}

async function containerEngine(
  { host, guestBinary, stateDir }: ContainerEngineOptions,
  runtime: ContainerRuntime,
  program: string,
): Promise<Engine> {
  const containers = await openContainers(host, runtime, program, containersRoot(stateDir, runtime));
  const [layout, limits, ids] = await Promise.all([
    host.space.rootless ? needUserCgroups() : readCgroupLayout(),
    boxResourceLimits(),
    boxIdsOf(host),
  ]);
  const limitProcesses = await processLimits();
  const swapLimits = await hasSwapLimits(layout);
  const cgroups = boxesCgroup(layout);
  const cgroupOf = cgroups.of;
  const template = diskTemplates(host, `${stateDir}/templates`);
  const spare = await openSpareDisk(host, `${stateDir}/spares/${runtime.name}`, template);

  const undoActions = ({ id, folder, volumes }: EngineBox, init?: InitProcess): readonly HostAction[] => {
    const { disk } = boxPaths(folder);
    return [
      ...containers.deleteActions(id, init),
      ...unmountActions(host, id, volumes.length),
      hostActions.umount(disk, { detach: true }),
    ];
  };
  const unmount = async (target: string): Promise<void> => {
    // Busy for a moment while another starting box still has a copy of the mount, or for good if someone on the host is in it.
    await host.umount(target).catch(() => host.umount(target, { detach: true }));
  };
  const removeCgroups = async (id: string): Promise<void> => {
    if (layout === undefined) return;
    await Promise.all(cgroupDirectories(layout, cgroupOf(id)).map((path) => rmdir(path).catch(() => undefined)));
  };

  const release = async (place: Place): Promise<void> => {
    checkBoxId(place.id);
    const { formerRootfs, disk } = boxPaths(place.folder);
    await containers.delete(place);
    await unmountBox(host, place.id, unmount);
    if (existsSync(formerRootfs)) await unmount(formerRootfs);
    await unmount(disk);
    await removeCgroups(place.id);
    await host.clearUndo(place.id);
  };

  const writeConfig = async (box: EngineBox): Promise<void> => {
    const { etc, config, log, pidFile } = boxPaths(box.folder);
    const nested = runtime.bindsRecursively ? [] : await nestedMounts(box);
    const spec = ociConfig(box, {
      guestBinary,
      etc,
      cgroup: cgroupOf(box.id),
      layout,
      swapLimits,
      limits,
      ids,
      nested,
      mounted: boxMounts(host.space, box.id),
      limitProcesses,
    });
    // A thread for each of these would take longer than they do, and the host program mounts meanwhile.
    mkdirSync(etc, { recursive: true });
    chmodSync(etc, 0o755);
    for (const [name, text] of Object.entries(etcFiles(box.hostname))) writeReadable(`${etc}/${name}`, text);
    writeFileSync(config, JSON.stringify(spec), { mode: 0o600 });
    for (const path of [log, pidFile]) rmSync(path, { force: true });
  };

  const mountAll = async (box: EngineBox): Promise<TakenDisk | undefined> => {
    makeMountPoints(host, box.id, ids);
    // One that fails leaves none on its way: what is mounted is then taken away.
    const [root, volumes] = await Promise.allSettled([
      mountRootfs(host, box, ids, { template, spare }),
      mountVolumes(host, box, ids),
    ]);
    const taken = root.status === 'fulfilled' ? root.value : undefined;
    for (const step of [root, volumes]) {
      if (step.status === 'fulfilled') continue;
      await taken?.clear();
      throw step.reason;
    }
    return taken;
  };

  const start = async (box: EngineBox): ReturnType<Engine['start']> => {
    await checkBox(box);
    const paths = boxPaths(box.folder);
    const began = performance.now();
    let mounted = 0;
    let configured = 0;
    const left = await containers.init(box.id).catch(() => undefined);
    if (left !== undefined && (await isRunning(left)))
      throw new InvalidStateError(`box ${box.id} is already running as process ${left.pid}; stop it first`);
    const fresh = !existsSync(paths.disk);
    const started = spare.starting(existsSync(paths.image) ? undefined : box.diskSizeGb);
    try {
      if (left !== undefined || hasMountPoints(host, box.id)) await release(box);
      // In order on the channel, and sent before this goes on: the host knows how to undo before there is anything to undo.
      const undo = box.attached ? host.undo(box.id, undoActions(box)) : undefined;
      undo?.catch(() => {});
      await setImmediate();
      const steps = await Promise.allSettled([
        mountAll(box).finally(() => {
          mounted = performance.now() - began;
        }),
        undo,
        cgroups.prepare(),
        // Once the host program has been asked to mount.
        setImmediate()
          .then(() => writeConfig(box))
          .then(() => {
            configured = performance.now() - began;
          }),
      ]);
      const [root] = steps;
      const cleared = root.status === 'fulfilled' ? root.value?.clear() : undefined;
      for (const step of steps) if (step.status === 'rejected') throw step.reason;
      const prepared = performance.now();
      const init = await containers.run(box);
      await cleared;
      if (layout !== undefined) preferGuest(init.pid);
      // Not waited for: the host can undo this already, and only does it faster once it knows PID 1.
      if (box.attached) host.undo(box.id, undoActions(box, init)).catch(() => {});
      const spawnMs = performance.now() - prepared;
      return { pid: init.pid, timing: { filesystemMs: mounted, configMs: configured, spawnMs } };
    } catch (error) {
      // The first error is the one to tell; what cannot be undone now, `release` and `destroy` try again.
      await release(box).catch(() => undefined);
      if (fresh) await destroy(box).catch(() => undefined);
      throw error;
    } finally {
      started();
    }
  };

  const destroy = async ({ folder }: Place): Promise<void> => {
    const { formerRootfs, disk, image, etc, config, log, pidFile } = boxPaths(folder);
    await Promise.all([formerRootfs, disk, etc].map((path) => host.removeTree(path)));
    await Promise.all([image, config, log, pidFile].map((path) => rm(path, { force: true })));
  };

  const pid = async ({ id }: Place): Promise<number | undefined> => {
    checkBoxId(id);
    const init = await containers.init(id);
    return init !== undefined && (await isRunning(init)) ? init.pid : undefined;
  };

  // By signals, where there is no freezer.
  const stopOrGo = async (id: string, stop: boolean): Promise<void> => {
    const init = await containers.init(id);
    if (init !== undefined) await host.freeze(init, stop);
  };

  return {
    name: runtime.name,
    cgroups: layout !== undefined,
    networks: 'after',
    version: containers.version,
    start,
    async kill({ id }) {
      checkBoxId(id);
      // Under version 1 a frozen process does not even take a KILL.
      if (layout !== undefined) await thaw(layout, cgroupOf(id));
      const init = await containers.init(id);
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
        const init = await containers.init(box.id);
        await host.undo(box.id, [containers.resumeAction(box.id), ...undoActions(box, init)]);
      }
      await freeze(layout, cgroupOf(box.id));
    },
    async resume(box) {
      checkBoxId(box.id);
      if (layout !== undefined) await thaw(layout, cgroupOf(box.id));
      else await stopOrGo(box.id, false);
    },
    async rename(box) {
      checkBoxId(box.id);
      const { etc } = boxPaths(box.folder);
      const init = await containers.init(box.id);
      if (init === undefined) throw new EngineError(`box ${box.id} does not run; start it again`);
      const { hosts, hostname } = etcFiles(box.hostname);
      const renamed = host.setHostname({ ...init, hostname: box.hostname });
      // In place: the box has these very files bound over its own. Meanwhile: a thread for so few bytes takes longer.
      writeFileSync(`${etc}/hosts`, hosts);
      writeFileSync(`${etc}/hostname`, hostname);
      await renamed;
    },
    async usage(id) {
      checkBoxId(id);
      if (layout !== undefined) return cgroupUsage(layout, cgroupOf(id));
      const init = await containers.init(id);
      if (init === undefined || !(await isRunning(init))) return undefined;
      return { ...(await host.usage(init)), oomKills: 0 };
    },
  };
}
