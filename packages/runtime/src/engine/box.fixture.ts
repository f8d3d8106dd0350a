import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { cgroupDirectories, readCgroupLayout } from '../cgroup/version.ts';
import type { Host, HostExit } from '../host/host.ts';
import type { Engine, EngineBox } from './engine.ts';
import { findProgram } from './program.ts';
import { crunEngine, runcEngine } from './runc.ts';

/** What the engine's own tests run on. */
export const engineName: 'runc' | 'crun' = process.env['BOXLITE_ENGINE'] === 'crun' ? 'crun' : 'runc';

const applets = [
  'sh',
  'cat',
  'dd',
  'fallocate',
  'grep',
  'head',
  'id',
  'ls',
  'mkdir',
  'mount',
  'sleep',
  'test',
  'unshare',
];

/** A layer with nothing but busybox. For tests. */
export async function makeBusyboxLayer(folder: string): Promise<string> {
  await mkdir(`${folder}/bin`, { recursive: true });
  await copyFile('/bin/busybox', `${folder}/bin/busybox`);
  for (const applet of applets) await symlink('busybox', `${folder}/bin/${applet}`);
  return folder;
}

/** A box with defaults under `home/boxes`. For tests. */
export function boxAt(home: string, id: string, more: Partial<EngineBox> = {}): EngineBox {
  const folder = `${home}/boxes/${id}`;
  return {
    id,
    folder,
    rootfs: { layers: [`${home}/layer`] },
    socketPath: `${folder}/guest.sock`,
    attached: false,
    hostname: 'box',
    cpus: 1,
    memoryMib: 128,
    diskSizeGb: undefined,
    processes: 4096,
    openFiles: undefined,
    volumes: [],
    tmpfs: [],
    security: 'standard',
    capabilities: {},
    ...more,
  };
}

/** The engine of a home: runc, or crun where BOXLITE_ENGINE says so. For tests. */
export function engineAt(home: string, host: Host, guestBinary: string): Promise<Engine> {
  const parts = { host, guestBinary, stateDir: `${home}/state` };
  return engineName === 'crun' ? crunEngine(parts) : runcEngine(parts);
}

/** Runs a shell script inside a box with the box's own confinement. For tests. */
export async function runInside(home: string, host: Host, id: string, script: string): Promise<HostExit> {
  const program = (await findProgram(engineName)) ?? engineName;
  const argv = [program, '--root', `${home}/state/${engineName}`, 'exec', id, '/bin/sh', '-c', script];
  return host.spawn({ argv, output: 'capture' });
}

/** What is left of a box on this machine: mounts, cgroups, state, loop devices. For tests. */
export async function tracesOf(home: string, box: EngineBox): Promise<readonly string[]> {
  const mounts = `/run/boxlite/${box.id}`;
  const mounted = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(box.folder) || line.includes(mounts));
  const layout = await readCgroupLayout();
  const cgroups = layout === undefined ? [] : cgroupDirectories(layout, `/boxlite/${box.id}`).filter(existsSync);
  const state = [`${home}/state/${engineName}/${box.id}`, mounts].filter(existsSync);
  const loops = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'));
  const backing = await Promise.all(
    loops.map((name) => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '')),
  );
  return [...mounted, ...cgroups, ...state, ...backing.filter((path) => path.includes(box.folder))];
}
