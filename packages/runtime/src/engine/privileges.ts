import { readFile } from 'node:fs/promises';
import { type CapabilityOptions, InvalidArgumentError, type SecurityPreset, UnsupportedError } from 'boxlite/backend';

// Bits of linux/capability.h, and why no box ever has the ones that no preset can be given.
const administration = 'it administers the whole machine';
const devices = 'it reaches devices and memory, which boxes have none of';
const policy = 'it turns off what keeps boxes and their host apart';
const kernelNetwork =
  "it opens the kernel's routing and packet filters to the box; its network is the host's to configure";

type Grant = 'maximum' | 'standard' | { readonly never: string };

const capabilities: Readonly<Record<string, readonly [bit: number, grant: Grant]>> = {
  CHOWN: [0, 'maximum'],
  DAC_OVERRIDE: [1, 'maximum'],
  DAC_READ_SEARCH: [2, { never: 'with it files are opened by handles, past every mount' }],
  FOWNER: [3, 'maximum'],
  FSETID: [4, 'maximum'],
  KILL: [5, 'maximum'],
  SETGID: [6, 'maximum'],
  SETUID: [7, 'maximum'],
  SETPCAP: [8, 'maximum'],
  LINUX_IMMUTABLE: [9, { never: 'files that nobody may change would outlive the box' }],
  NET_BIND_SERVICE: [10, 'maximum'],
  NET_BROADCAST: [11, { never: kernelNetwork }],
  NET_ADMIN: [12, { never: kernelNetwork }],
  NET_RAW: [13, 'standard'],
  IPC_LOCK: [14, { never: 'locked memory and huge pages are the host to share out' }],
  IPC_OWNER: [15, 'standard'],
  SYS_MODULE: [16, { never: administration }],
  SYS_RAWIO: [17, { never: devices }],
  SYS_CHROOT: [18, 'standard'],
  SYS_PTRACE: [19, { never: 'a box could stop its own guest; a user traces its own processes without it' }],
  SYS_PACCT: [20, { never: administration }],
  SYS_ADMIN: [21, { never: administration }],
  SYS_BOOT: [22, { never: administration }],
  SYS_NICE: [23, { never: 'a box could take the processor from its own guest' }],
  SYS_RESOURCE: [24, { never: 'it lifts the limits of the box' }],
  SYS_TIME: [25, { never: administration }],
  SYS_TTY_CONFIG: [26, { never: devices }],
  MKNOD: [27, { never: devices }],
  LEASE: [28, 'standard'],
  AUDIT_WRITE: [29, { never: "it writes to the host's audit log" }],
  AUDIT_CONTROL: [30, { never: administration }],
  SETFCAP: [31, 'maximum'],
  MAC_OVERRIDE: [32, { never: policy }],
  MAC_ADMIN: [33, { never: policy }],
  SYSLOG: [34, { never: administration }],
  WAKE_ALARM: [35, { never: administration }],
  BLOCK_SUSPEND: [36, { never: administration }],
  AUDIT_READ: [37, { never: administration }],
  PERFMON: [38, { never: administration }],
  BPF: [39, { never: administration }],
  CHECKPOINT_RESTORE: [40, { never: administration }],
};

// What the guest itself needs to start commands as any user of the box, and to give up the rest.
const ofGuest = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETPCAP', 'SETUID'];
const minimal = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'KILL', 'SETGID', 'SETUID'];
const standard = [...minimal, 'FSETID', 'NET_BIND_SERVICE', 'SETFCAP', 'SETPCAP'];

const presets: Readonly<Record<SecurityPreset, readonly string[]>> = {
  maximum: minimal,
  standard,
  development: [...standard, 'NET_RAW', 'SYS_CHROOT'],
};

function known(field: string, value: string): string {
  const name = value.toUpperCase().replace(/^CAP_/, '');
  if (Object.hasOwn(capabilities, name)) return name;
  throw new InvalidArgumentError(
    `${field}: ${JSON.stringify(value.slice(0, 64))} is no capability of Linux; give a name of capabilities(7) such as NET_RAW`,
  );
}

function grantable(field: string, value: string, preset: SecurityPreset): string {
  if (value.toUpperCase() === 'ALL')
    throw new UnsupportedError(`${field}: no box can have ALL capabilities; name the ones it needs`);
  const name = known(field, value);
  const grant = capabilities[name]?.[1];
  if (typeof grant === 'object')
    throw new UnsupportedError(`${field}: no preset gives ${name}: ${grant.never}; leave it out`);
  if (grant === 'standard' && preset === 'maximum')
    throw new UnsupportedError(`${field}: ${name} is not given with security maximum; leave it out or use standard`);
  return name;
}

/** The capabilities of a box's root user, without `CAP_`: those of its preset, without what is dropped, with what is added. `InvalidArgumentError` for a name that is none, `UnsupportedError` saying why for one that the preset never gives. */
export function boxCapabilities(
  preset: SecurityPreset,
  { add = [], drop = [] }: CapabilityOptions = {},
): readonly string[] {
  const added = add.map((value, i) => grantable(`capabilities.add[${i}]`, value, preset));
  const all = drop.some((value) => value.toUpperCase() === 'ALL');
  const dropped = drop
    .filter((value) => value.toUpperCase() !== 'ALL')
    .map((value, i) => known(`capabilities.drop[${i}]`, value));
  const kept = all ? [] : presets[preset].filter((name) => !dropped.includes(name));
  return [...new Set([...kept, ...added])].toSorted();
}

/** What PID 1 is started with: it gives up for good what is only its own before anything else runs. */
export function guestCapabilities(ofBox: readonly string[]): readonly string[] {
  return [...new Set([...ofBox, ...ofGuest])].toSorted().map((name) => `CAP_${name}`);
}

/** Capabilities as the guest takes them: hexadecimal, the bit of each set. */
export function capabilityMask(names: readonly string[]): string {
  return names.reduce((mask, name) => mask | (1n << BigInt(capabilities[name]?.[0] ?? 63)), 0n).toString(16);
}

/** One entry of `process.rlimits` of the OCI runtime specification. */
export interface ResourceLimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** As many processes as a box may have, and this process, for each of the box's users: all that can be held without cgroups. */
export async function processLimits(path = '/proc/self/limits'): Promise<(processes: number) => ResourceLimit> {
  const [, own] = /^Max processes\s+\S+\s+(\d+)/m.exec(await readFile(path, 'utf8')) ?? [];
  return (processes) => {
    const most = Math.min(processes, Number(own ?? processes));
    return { type: 'RLIMIT_NPROC', soft: most, hard: most };
  };
}

/** Limits that only go down from this process's own, so that no capability is needed: open files up to 1,048,576, no core files. */
export async function boxResourceLimits(path = '/proc/self/limits'): Promise<readonly ResourceLimit[]> {
  const line = (await readFile(path, 'utf8')).split('\n').find((each) => each.startsWith('Max open files'));
  const limit = Number(/^Max open files\s+\S+\s+(\d+)/.exec(line ?? '')?.[1] ?? 1024);
  const files = Math.min(limit, 1_048_576);
  return [
    { type: 'RLIMIT_NOFILE', soft: files, hard: files },
    { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  ];
}
