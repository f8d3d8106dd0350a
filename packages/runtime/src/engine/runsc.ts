import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { EngineError, InvalidStateError } from 'boxlite/backend';
import { boxesCgroup } from '../cgroup/boxes-cgroup.ts';
import { cgroupUsage } from '../cgroup/usage.ts';
import { cgroupDirectories, readCgroupLayout } from '../cgroup/version.ts';
import { type HostAction, hostActions } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import { checkBox, checkBoxId } from './box-check.ts';
import { readBoxIds } from './box-ids.ts';
import { boxMounts, makeMountPoints, unmountActions, unmountBox } from './box-mounts.ts';
import { boxPaths, diskTemplates, mountRootfs } from './disk.ts';
import type { Engine, EngineBox, EngineUsage } from './engine.ts';
import { type InitProcess, isRunning, readStartTime } from './init-process.ts';
import { etcFiles } from './oci-config.ts';
import { boxResourceLimits, processLimits } from './privileges.ts';
import { findProgram } from './program.ts';
import { runscConfig } from './runsc-config.ts';

type Place = Pick<EngineBox, 'id' | 'folder'>;

export interface RunscEngineOptions {
  readonly host: Host;
  readonly guestBinary: string;
  /** The engine's own state and disk templates; below the runtime's home. */
  readonly stateDir: string;
  /** A path or a name. @default 'runsc' */
  readonly runsc?: string;
}

/** What tells which process a box's kernel is. */
const recordOf = (folder: string): string => `${folder}/sandbox.json`;

/** Whether runsc was ever told to start the box and it was not released since: then it may run. */
export function isOnRunsc(folder: string): boolean {
  return existsSync(recordOf(folder));
}

/** The process of a box on runsc as its start noted it; undefined when none did. */
export async function readSandbox(folder: string): Promise<InitProcess | undefined> {
  const text = await readFile(recordOf(folder), 'utf8').catch(() => undefined);
  const [, pid, startTime] = /^\{"pid":(\d+),"startTime":(\d+)\}$/.exec(text ?? '') ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), startTime: Number(startTime) };
}

/** Boxes with a kernel of their own: gVisor's. `EngineError` when runsc is missing or does not run. */
export async function runscEngine(options: RunscEngineOptions): Promise<Engine> {
  const { host, guestBinary, stateDir } = options;
  const runsc = await findProgram(options.runsc ?? 'runsc');
  if (runsc === undefined) throw new EngineError('runsc is not installed; run: sudo apt-get install -y runsc');
  const asked = await host.spawn({ argv: [runsc, '--version'], output: 'capture' });
  const version = /version (\S+)/.exec(asked.stdout)?.[1];
  if (version === undefined) throw new EngineError(`${runsc} --version failed: ${asked.stderr.trim()}`);
  const [layout, limits, ids] = await Promise.all([readCgroupLayout(), boxResourceLimits(), readBoxIds()]);
  const cgroups = boxesCgroup(layout);
  const cgroupOf = cgroups.of;
  const limitProcesses = await processLimits();
  const root = `${stateDir}/runsc`;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const template = diskTemplates(host, `${stateDir}/templates`);

  const command = (...args: string[]): string[] => [
    ...[runsc, '--root', root, '--platform=ptrace', '--host-uds=create', '--oci-seccomp', '--net-raw'],
    ...(layout === undefined ? ['--ignore-cgroups'] : []),
    ...args,
  ];
  const undoActions = ({ id, folder }: Place, init?: InitProcess): readonly HostAction[] => [
    ...(init === undefined ? [] : [hostActions.kill({ ...init, waitMs: 5000 })]),
    hostActions.spawn({ argv: command('delete', '--force', id) }),
    ...unmountActions(host, id, 0),
    hostActions.umount(boxPaths(folder).disk, { detach: true }),
  ];
  const unmount = (target: string): Promise<void> =>
    host.umount(target).catch(() => host.umount(target, { detach: true }));

  const release = async ({ id, folder }: Place): Promise<void> => {
    checkBoxId(id);
    if (isOnRunsc(folder)) {
      const init = await readSandbox(folder);
      if (init !== undefined) await host.kill({ ...init, signal: 0, waitMs: 5000 });
      const deleted = await host.spawn({ argv: command('delete', '--force', id), output: 'capture' });
      if (deleted.exitCode !== 0) throw new EngineError(`runsc cannot delete box ${id}: ${deleted.stderr.trim()}`);
    }
    await unmountBox(host, id, unmount);
    await unmount(boxPaths(folder).disk);
    if (layout !== undefined)
      await Promise.all(cgroupDirectories(layout, cgroupOf(id)).map((path) => rmdir(path).catch(() => undefined)));
    // Only a link; another engine makes a socket in its place.
    await rm(`${folder}/guest.sock`, { force: true });
    await rm(recordOf(folder), { force: true });
    await host.clearUndo(id);
  };
  const destroy = async ({ folder }: Place): Promise<void> => {
    const { disk, image, etc, config, log, pidFile } = boxPaths(folder);
    await Promise.all([disk, etc, `${folder}/channel`].map((path) => host.removeTree(path)));
    await Promise.all([image, config, log, pidFile].map((path) => rm(path, { force: true })));
  };

  const prepare = async (box: EngineBox): Promise<void> => {
    const { etc, config, pidFile } = boxPaths(box.folder);
    const channel = `${box.folder}/channel`;
    await host.removeTree(channel);
    await mkdir(channel, { mode: 0o700, recursive: true });
    await symlink('channel/guest.sock', `${box.folder}/guest.sock`);
    await mkdir(etc, { recursive: true });
    await chmod(etc, 0o755);
    for (const [name, text] of Object.entries(etcFiles(box.hostname, box.network?.resolver))) {
      await writeFile(`${etc}/${name}`, text);
      await chmod(`${etc}/${name}`, 0o644);
    }
    const mounted = boxMounts(host.space, box.id);
    const spec = {
      guestBinary,
      etc,
      cgroup: cgroupOf(box.id),
      layout,
      swapLimits: false,
      limits,
      ids,
      mounted,
      limitProcesses,
    };
    await writeFile(config, JSON.stringify(runscConfig(box, spec, channel)), { mode: 0o600 });
    await rm(pidFile, { force: true });
  };
  const run = async (box: EngineBox): Promise<InitProcess> => {
    const { pidFile } = boxPaths(box.folder);
    // Before it runs: a runtime that dies before it knows the process must not leave it to nobody.
    await writeFile(recordOf(box.folder), '', { mode: 0o600 });
    const network = `--network=${box.network === undefined ? 'none' : 'sandbox'}`;
    const argv = [guestBinary, 'apart'].concat(
      command(network, 'run', '--detach', '--pid-file', pidFile, '--bundle', box.folder, box.id),
    );
    const exit = await host.spawn({ argv, output: 'capture' });
    if (exit.exitCode !== 0)
      throw new EngineError(
        `runsc cannot start box ${box.id}: ${exit.stderr.trim().split('\n').at(-1)}; run boxlite doctor`,
      );
    const pid = Number(await readFile(pidFile, 'utf8'));
    const init = { pid, startTime: await readStartTime(pid) };
    await writeFile(recordOf(box.folder), JSON.stringify(init), { mode: 0o600 });
    return init;
  };

  const usage = async (id: string): Promise<EngineUsage | undefined> => {
    checkBoxId(id);
    return layout === undefined ? undefined : await cgroupUsage(layout, cgroupOf(id));
  };
  const exists = async (id: string): Promise<boolean> => {
    checkBoxId(id);
    return (await host.spawn({ argv: command('state', id) })).exitCode === 0;
  };
  // Not by the freezer of its cgroup: processes under ptrace do not stop for it.
  const bring = async (id: string, verb: 'pause' | 'resume', status: string): Promise<void> => {
    checkBoxId(id);
    const state = await host.spawn({ argv: command('state', id), output: 'capture' });
    if (state.stdout.includes(`"status": "${status}"`)) return;
    const exit = await host.spawn({ argv: command(verb, id), output: 'capture' });
    if (exit.exitCode !== 0) throw new EngineError(`runsc cannot ${verb} box ${id}: ${exit.stderr.trim()}`);
  };

  return {
    name: 'runsc',
    cgroups: layout !== undefined,
    // gVisor's network stack takes what it finds in the namespace when it starts.
    networks: 'before',
    version,
    async start(box) {
      await checkBox(box);
      const left = await readSandbox(box.folder);
      if (left !== undefined && (await isRunning(left)))
        throw new InvalidStateError(`box ${box.id} is already running as process ${left.pid}; stop it first`);
      await release(box);
      const began = performance.now();
      try {
        if (box.attached) await host.undo(box.id, undoActions(box));
        await cgroups.prepare();
        makeMountPoints(host, box.id, ids);
        await mountRootfs(host, box, undefined, { template });
        const mounted = performance.now();
        await prepare(box);
        const configured = performance.now();
        const init = await run(box);
        if (box.attached) await host.undo(box.id, undoActions(box, init));
        const timing = { filesystemMs: mounted - began, configMs: configured - mounted };
        return { pid: init.pid, timing: { ...timing, spawnMs: performance.now() - configured } };
      } catch (error) {
        await release(box).catch(() => undefined);
        throw error;
      }
    },
    async kill({ id, folder }) {
      checkBoxId(id);
      const init = await readSandbox(folder);
      if (init !== undefined) await host.kill(init);
    },
    release,
    destroy,
    async pid({ folder }) {
      const init = await readSandbox(folder);
      return init !== undefined && (await isRunning(init)) ? init.pid : undefined;
    },
    async pause({ id }) {
      await bring(id, 'pause', 'paused');
    },
    async resume({ id }) {
      if (await exists(id)) await bring(id, 'resume', 'running');
    },
    // The host knows one process only: the kernel of the box.
    wasOutOfMemory: async ({ id }) => ((await usage(id))?.oomKills ?? 0) > 0,
    usage,
  };
}
