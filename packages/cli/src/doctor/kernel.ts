import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { type Check, optional, required } from './check.ts';

/** What the operating system must bring. */
export async function kernelChecks(runtime: Rootless): Promise<readonly Check[]> {
  const rootless = runtime.isRootless();
  const filesystems = read('/proc/filesystems');
  return [
    required(
      'linux',
      process.platform === 'linux',
      `${process.platform} ${release()}`,
      'use a Linux machine, or --url',
    ),
    await user(runtime),
    rootless ? await userCgroups(runtime) : cgroups(),
    required('overlayfs', /\toverlay$/m.test(filesystems), 'in /proc/filesystems', 'modprobe overlay'),
    optional(
      'user namespaces',
      existsSync('/proc/self/ns/user') && read('/proc/sys/user/max_user_namespaces').trim() !== '0',
      `${read('/proc/sys/user/max_user_namespaces').trim() || 'none'} at most`,
      'sysctl user.max_user_namespaces=15000',
    ),
    rootless
      ? optional('loop devices', false, "only root's: --disk-size is refused", 'run boxlite as root')
      : optional(
          'loop devices',
          existsSync('/dev/loop-control'),
          '/dev/loop-control, for --disk-size',
          'modprobe loop',
        ),
  ];
}

/** What is asked of the runtime about ordinary users. */
type Rootless = Pick<typeof import('@boxlite/runtime'), 'isRootless' | 'readRootlessIds' | 'userCgroups'>;

/** Root, or a user with enough subordinate ids for a box. */
async function user({ isRootless, readRootlessIds }: Rootless): Promise<Check> {
  const uid = `uid ${process.geteuid?.()}`;
  if (!isRootless()) return required('user', true, uid, '');
  const ids = await readRootlessIds();
  if ('users' in ids) {
    const found = `${uid}: boxes run without root, as ids ${ids.users} to ${ids.users + 65_535} of this host`;
    return required('user', true, found, '');
  }
  const reasons = ids.map(({ reason }) => reason).join('; ');
  return required('user', false, `${uid}: ${reasons}`, ids.map(({ fix }) => fix).join('; '));
}

/** The limits of an ordinary user's boxes. */
async function userCgroups(runtime: Rootless): Promise<Check> {
  const found = await runtime.userCgroups();
  if (!('reason' in found)) return optional('cgroups', true, `delegated: ${process.env['BOXLITE_CGROUP']}`, '');
  const refused = '--cpus and --memory are refused, and processes are limited for each user of a box';
  return optional('cgroups', false, `${found.reason}: ${refused}`, found.fix);
}

const wanted = ['cpu', 'memory', 'pids'];

/** The limits: each controller is on version 1 or on version 2. Without them boxes run unlimited. */
function cgroups(): Check {
  const mounts = read('/proc/self/mountinfo').split('\n');
  const v1 = mounts
    .filter((line) => line.includes(' - cgroup '))
    .flatMap((line) => line.split(' ').at(-1)?.split(',') ?? []);
  const v2Path = mounts.find((line) => line.includes(' - cgroup2 '))?.split(' ')[4];
  const v2 = v2Path === undefined ? [] : read(`${v2Path}/cgroup.controllers`).trim().split(' ');
  const missing = wanted.filter((name) => !v1.includes(name) && !v2.includes(name));
  const on = (have: readonly string[]): string => wanted.filter((name) => have.includes(name)).join(' ') || 'none';
  const found = `v1: ${on(v1)}; v2: ${on(v2)}`;
  const fix = `give this machine the cgroup controllers ${missing.join(', ')} (kernel parameter cgroup_enable=memory, or a privileged container)`;
  return optional('cgroups', missing.length === 0, found, fix);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
