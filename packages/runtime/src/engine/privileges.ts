import { readFile } from 'node:fs/promises';
import type { SecurityPreset } from 'boxlite/backend';

// What the guest needs to start commands as any user of the box.
const minimal = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'] as const;
const standard = [...minimal, 'CAP_FSETID', 'CAP_NET_BIND_SERVICE', 'CAP_SETFCAP', 'CAP_SETPCAP'] as const;

const presets: Readonly<Record<SecurityPreset, readonly string[]>> = {
  maximum: minimal,
  standard,
  development: [...standard, 'CAP_NET_RAW', 'CAP_SYS_CHROOT', 'CAP_SYS_PTRACE'],
};

/** The capabilities of a box's root user. No preset can mount, load modules, make device nodes or administer networks. */
export function boxCapabilities(preset: SecurityPreset): readonly string[] {
  return presets[preset];
}

/** One entry of `process.rlimits` of the OCI runtime specification. */
export interface ResourceLimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
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
