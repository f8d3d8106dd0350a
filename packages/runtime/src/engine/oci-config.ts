import type { CgroupLayout } from '../cgroup/version.ts';
import type { HostIds } from '../host/action.ts';
import type { BoxMounts } from './box-mounts.ts';
import type { EngineBox } from './engine.ts';
import { boxCapabilities, capabilityMask, guestCapabilities, type ResourceLimit } from './privileges.ts';
import { seccompProfile } from './seccomp.ts';

/** One entry of `mounts` of the OCI runtime specification. */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What the configuration needs beside the box itself. */
export interface OciConfigOptions {
  readonly guestBinary: string;
  /** Folder of the files that are bound over /etc. */
  readonly etc: string;
  readonly cgroup: string;
  readonly layout: CgroupLayout | undefined;
  /** The kernel accounts swap per cgroup. */
  readonly swapLimits: boolean;
  readonly limits: readonly ResourceLimit[];
  /** The limit that stands in for a cgroup's where there are none. */
  readonly limitProcesses: (processes: number) => ResourceLimit;
  readonly ids: HostIds;
  readonly mounted: BoxMounts;
  /** What is mounted below the volumes and has to be shown by mounts of its own. @default nothing */
  readonly nested?: readonly NestedMount[];
}

/** Something mounted below the directory of a volume. */
export interface NestedMount {
  /** The index of the volume. */
  readonly volume: number;
  /** Relative to its directory. */
  readonly path: string;
}

const period = 100_000;
const guestPath = '/.boxlite/guest';
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const closed = ['nosuid', 'noexec', 'nodev'];

const maskedPaths = [
  ...['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'scsi', 'sched_debug', 'timer_list'].map(
    (name) => `/proc/${name}`,
  ),
  '/proc/timer_stats',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = [
  ...['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`),
  '/sys/fs/cgroup',
];

function mount(destination: string, type: string, source: string, options: readonly string[]): OciMount {
  return { destination, type, source, options };
}

function mounts(
  box: EngineBox,
  { guestBinary, etc, layout, mounted, nested = [] }: OciConfigOptions,
): readonly OciMount[] {
  return [
    mount('/proc', 'proc', 'proc', closed),
    mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
    mount('/dev/shm', 'tmpfs', 'shm', [...closed, 'mode=1777', 'size=65536k']),
    mount('/dev/mqueue', 'mqueue', 'mqueue', closed),
    mount('/sys', 'sysfs', 'sysfs', [...closed, 'ro']),
    ...(layout === undefined ? [] : [mount('/sys/fs/cgroup', 'cgroup', 'cgroup', [...closed, 'relatime', 'ro'])]),
    ...['hosts', 'hostname', 'resolv.conf'].map((name) =>
      mount(`/etc/${name}`, 'bind', `${etc}/${name}`, ['bind', 'ro', 'rprivate', ...closed]),
    ),
    ...box.tmpfs.map(({ guestPath: target, sizeMib }) =>
      mount(target, 'tmpfs', 'tmpfs', ['nosuid', 'nodev', 'mode=1777', `size=${sizeMib}m`]),
    ),
    // What they must not allow is set where they were mounted, and so for what is mounted below them.
    ...box.volumes.flatMap(({ guestPath: target, readOnly = false }, i) =>
      ['', ...nested.filter(({ volume }) => volume === i).map(({ path }) => `/${path}`)].map((below) =>
        mount(`${target}${below}`, 'bind', `${mounted.volumes}/${i}${below}`, [
          ...['rbind', 'rprivate', 'nosuid', 'nodev'],
          ...(readOnly ? ['ro'] : []),
        ]),
      ),
    ),
    mount(guestPath, 'bind', guestBinary, ['bind', 'ro', 'rprivate', 'nosuid', 'nodev']),
  ];
}

function resources(box: EngineBox, swapLimits: boolean): object {
  const memory = box.memoryMib * 1024 * 1024;
  return {
    devices: [{ allow: false, access: 'rwm' }],
    memory: swapLimits ? { limit: memory, swap: memory } : { limit: memory },
    cpu: { quota: Math.round(box.cpus * period), period, shares: Math.max(2, Math.round(box.cpus * 1024)) },
    pids: { limit: box.processes },
  };
}

/** The soft limit is what programs get; the guest holds pipes of many of them, and keeps the hard one to itself. */
function ofPrograms(limit: ResourceLimit, { openFiles = limit.soft }: EngineBox): ResourceLimit {
  return { ...limit, soft: Math.min(limit.hard, openFiles) };
}

/** The parts of a `config.json` that engines differ in. */
export interface OciConfig {
  readonly process: {
    readonly args: readonly string[];
    readonly capabilities: Readonly<Record<string, readonly string[]>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
  readonly mounts: readonly OciMount[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: string }[];
    readonly uidMappings: readonly object[];
    readonly gidMappings: readonly object[];
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly [key: string]: unknown;
  };
}

/** The `config.json` of a box's bundle (OCI runtime specification 1.0.2). */
export function ociConfig(box: EngineBox, options: OciConfigOptions): OciConfig {
  const ofBox = boxCapabilities(box.security, box.capabilities);
  const capabilities = guestCapabilities(ofBox);
  const { layout } = options;
  const mapping = [{ containerID: 0, hostID: options.ids.first, size: options.ids.count }];
  const namespaces = ['user', 'pid', 'network', 'ipc', 'uts', 'mount', ...(layout === undefined ? [] : ['cgroup'])];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [
        ...[guestPath, 'guest', '--fd', '3', '--capabilities', capabilityMask(ofBox)],
        ...(box.attached ? ['--attached'] : []),
      ],
      env: [`PATH=${path}`],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [
        ...options.limits.map((limit) => (limit.type === 'RLIMIT_NOFILE' ? ofPrograms(limit, box) : limit)),
        ...(layout === undefined ? [options.limitProcesses(box.processes)] : []),
      ],
      noNewPrivileges: true,
    },
    root: { path: options.mounted.rootfs, readonly: false },
    hostname: box.hostname,
    mounts: mounts(box, options),
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      uidMappings: mapping,
      gidMappings: mapping,
      rootfsPropagation: 'private',
      maskedPaths,
      readonlyPaths,
      seccomp: seccompProfile(box.security, ofBox),
      ...(layout === undefined ? {} : { cgroupsPath: options.cgroup, resources: resources(box, options.swapLimits) }),
    },
  };
}

/** What is in a box's /etc/resolv.conf; undefined: there is nobody to ask. */
export function resolvConf(resolver: string | undefined): string {
  return resolver === undefined ? '# This box has no network of its own.\n' : `nameserver ${resolver}\n`;
}

/** The files bound over a box's /etc, by name. */
export function etcFiles(
  hostname: string,
  resolver?: string,
): Readonly<Record<'hosts' | 'hostname' | 'resolv.conf', string>> {
  return {
    hosts: `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${hostname}\n`,
    hostname: `${hostname}\n`,
    'resolv.conf': resolvConf(resolver),
  };
}
