import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { promisify } from 'node:util';
import { userCgroups } from '../cgroup/user-cgroup.ts';
import { readCgroupLayout } from '../cgroup/version.ts';
import { isRootless, readRootlessIds } from '../host/rootless.ts';
import { type ContainerRuntime, crun, runc } from './container-runtime.ts';
import { findProgram } from './program.ts';
import { probeQemu } from './qemu/probe.ts';

/** Something that is in the way, and the command that fixes it. */
export interface ProbeProblem {
  /** What is in the way. */
  readonly reason: string;
  /** The command that mends it. */
  readonly fix: string;
}

/** Options of {@link probeEngines}. */
export interface ProbeOptions {
  /** Where runc is. @default looked up in PATH */
  readonly runc?: string;
}

/** What `boxlite doctor` says about one engine. */
export interface EngineProbe {
  /** The engine, such as `runc`. */
  readonly name: string;
  /** Where its program is; undefined where none was found. */
  readonly path: string | undefined;
  /** As its program says; undefined where that cannot be told. */
  readonly version: string | undefined;
  /** Whether boxes can run on it here. */
  readonly usable: boolean;
  /** Why it is not usable; empty when it is. */
  readonly problems: readonly ProbeProblem[];
  /** What works less well, without making it unusable. */
  readonly notes: readonly ProbeProblem[];
}

const sysAdmin = 1n << 21n;

const needsRoot = { reason: 'boxes on it need root', fix: 'sudo -E boxlite doctor' };

async function versionOf(path: string): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 5000 }).catch(() => ({ stdout: '' }));
  return /version (\S+)/.exec(stdout)?.[1];
}

function isOlder(version: string, oldest: ContainerRuntime['oldest']): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

async function rootProblems(): Promise<readonly ProbeProblem[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  if ((capabilities & sysAdmin) !== 0n) return [];
  return [{ reason: 'this process may not mount (no CAP_SYS_ADMIN)', fix: 'sudo -E boxlite doctor' }];
}

/** Switches by which a system keeps user namespaces from ordinary users, and the value that does. */
const switches = [
  { name: 'kernel.unprivileged_userns_clone', off: '0', fix: 'sudo sysctl -w kernel.unprivileged_userns_clone=1' },
  {
    name: 'kernel.apparmor_restrict_unprivileged_userns',
    off: '1',
    fix: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  },
];

async function rootlessProblems(): Promise<readonly ProbeProblem[]> {
  const ids = await readRootlessIds();
  const problems: ProbeProblem[] = 'users' in ids ? [] : [...ids];
  for (const { name, off, fix } of switches) {
    const value = await readFile(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').catch(() => '');
    if (value.trim() === off) problems.push({ reason: `${name} keeps user namespaces from ordinary users`, fix });
  }
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  if (major < 5 || (major === 5 && minor < 12))
    problems.push({
      reason: `Linux ${release()} lets ordinary users mount no overlay`,
      fix: 'use Linux 5.12 or newer',
    });
  return problems;
}

/** What boxes of an ordinary user are without. */
async function lost(): Promise<readonly ProbeProblem[]> {
  const cgroups = await userCgroups();
  const never = { reason: 'without root: no diskSizeGb, rootfsPath or security maximum', fix: 'run boxlite as root' };
  if (!('reason' in cgroups)) return [never];
  const limits = `no cpus or memoryMib, and processes are limited for each user of a box: ${cgroups.reason}`;
  return [never, { reason: `without root: ${limits}`, fix: cgroups.fix }];
}

/** What this process and this kernel lack for boxes, whatever the engine. */
async function hostProblems(): Promise<readonly ProbeProblem[]> {
  const problems: ProbeProblem[] = [...(isRootless() ? await rootlessProblems() : await rootProblems())];
  const namespaces = await readFile('/proc/sys/user/max_user_namespaces', 'utf8').catch(() => '0');
  if (Number(namespaces) === 0)
    problems.push({
      reason: 'the kernel makes no user namespaces, and no box does without',
      fix: 'sudo sysctl -w user.max_user_namespaces=15000',
    });
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  if (!isRootless() && (major < 5 || (major === 5 && minor < 19)))
    problems.push({
      reason: `Linux ${release()} cannot stack an overlay on layers with mapped owners, and no box does without a user namespace`,
      fix: 'use Linux 5.19 or newer',
    });
  const systems = await readFile('/proc/filesystems', 'utf8').catch(() => '');
  if (!/\toverlay$/m.test(systems))
    problems.push({ reason: 'the kernel has no overlay file system loaded', fix: 'sudo modprobe overlay' });
  return problems;
}

async function hostNotes(): Promise<readonly ProbeProblem[]> {
  if (isRootless()) return await lost();
  const notes: ProbeProblem[] = [];
  if ((await readCgroupLayout().catch(() => undefined)) === undefined)
    notes.push({
      reason: 'no cgroup controllers are mounted: boxes get no limits and no metrics',
      fix: 'sudo mount -t cgroup2 none /sys/fs/cgroup',
    });
  if ((await findProgram('mkfs.ext4')) === undefined)
    notes.push({
      reason: 'mkfs.ext4 is missing: boxes cannot have a diskSizeGb',
      fix: 'sudo apt-get install -y e2fsprogs',
    });
  return notes;
}

async function probeContainers(runtime: ContainerRuntime, name: string = runtime.name): Promise<EngineProbe> {
  const install = `sudo apt-get install -y ${runtime.packageName}`;
  const path = await findProgram(name);
  const [version, refusal, problems, notes] = await Promise.all([
    path === undefined ? undefined : versionOf(path),
    runtime.refusal(),
    hostProblems(),
    hostNotes(),
  ]);
  const own: ProbeProblem[] = refusal === undefined ? [] : [refusal];
  if (path === undefined) own.push({ reason: `${name} is not installed`, fix: install });
  else if (version === undefined) own.push({ reason: `${path} --version fails`, fix: `${install} --reinstall` });
  else if (isOlder(version, runtime.oldest))
    own.push({ reason: `${name} ${version} is older than ${runtime.oldest.join('.')}`, fix: install });
  const all = [...own, ...problems];
  return { name: runtime.name, path, version, usable: all.length === 0, problems: all, notes };
}

async function probeRunsc(): Promise<EngineProbe> {
  const install = 'sudo apt-get install -y runsc';
  const path = await findProgram('runsc');
  const version = path === undefined ? undefined : await versionOf(path);
  const problems = [...(isRootless() ? [needsRoot] : []), ...(await hostProblems())];
  if (path === undefined)
    problems.unshift({ reason: 'runsc is not installed: boxes cannot have security maximum', fix: install });
  else if (version === undefined)
    problems.unshift({ reason: `${path} --version fails`, fix: `${install} --reinstall` });
  const notes = [
    { reason: 'a box that is out of memory ends as a whole', fix: 'give it more memory' },
    { reason: 'terminals of release 20221219 have no control characters', fix: 'use the engine runc' },
  ];
  return { name: 'runsc', path, version, usable: problems.length === 0, problems, notes };
}

/** Every engine that BoxLite knows, found or not, best first. Starts each with `--version` only. */
export async function probeEngines(options: ProbeOptions = {}): Promise<readonly EngineProbe[]> {
  return await Promise.all([probeContainers(runc, options.runc), probeContainers(crun), probeRunsc(), probeQemu()]);
}
