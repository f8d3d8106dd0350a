import type { EngineBox } from './engine.ts';
import { type OciConfigOptions, type OciMount, ociConfig } from './oci-config.ts';
import { boxCapabilities } from './privileges.ts';
import { seccompProfile } from './seccomp.ts';

const allow = { action: 'SCMP_ACT_ALLOW', errnoRet: undefined } as const;
/** Where a box on runsc sees the directory of its guest's socket. */
const channel = '/.boxlite/channel';

/**
 * What the host counts where the guest lets no more processes be: some ten threads for each. The sandbox ends when it gets
 * no more; memory usually ends it sooner, but no box must take all that the host has.
 */
function hostThreads(processes: number): number {
  return Math.min(16 * processes + 1024, 16_384);
}

/** `config.json` for runsc: as for runc, but that the kernel in the box is its own and makes its own /dev, /proc and cgroups, and that the guest makes its socket itself, in a directory of this host. */
export function runscConfig(box: EngineBox, options: OciConfigOptions, channelFolder: string): object {
  const { process, linux, mounts, ...rest } = ociConfig({ ...box, processes: hostThreads(box.processes) }, options);
  const own = new Set(['cgroup', 'mqueue']);
  const volumes = new Map(box.volumes.map(({ hostPath }, i) => [`${options.mounted.volumes}/${i}`, hostPath]));
  const bound: OciMount = {
    destination: channel,
    type: 'bind',
    source: channelFolder,
    options: ['bind', 'rw', ...['nosuid', 'nodev']],
  };
  const { uidMappings: _u, gidMappings: _g, maskedPaths: _m, readonlyPaths: _r, namespaces, ...shared } = linux;
  const seccomp = seccompProfile(box.security, boxCapabilities(box.security, box.capabilities));
  // It takes no errno of a rule: its kernel itself says that clone3 does not exist, so that libraries use clone.
  const syscalls = seccomp.syscalls.map((rule) => (rule.names[0] === 'clone3' ? { ...rule, ...allow } : rule));
  return {
    ...rest,
    process: {
      ...process,
      args: [
        ...process.args.map((each) => (each === '--fd' ? '--listen' : each === '3' ? `${channel}/guest.sock` : each)),
        ...['--processes', `${box.processes}`],
        ...(box.network === undefined ? [] : ['--loopback']),
      ],
      // Only until it has limited its processes.
      capabilities: Object.fromEntries(
        Object.entries(process.capabilities).map(([set, names]) => [set, [...names, 'CAP_SYS_ADMIN']]),
      ),
    },
    mounts: [
      ...mounts
        .filter(({ type }) => !own.has(type))
        .map((mount) => ({ ...mount, source: volumes.get(mount.source) ?? mount.source })),
      bound,
    ],
    linux: {
      ...shared,
      seccomp: { ...seccomp, syscalls: [...syscalls, { ...allow, names: ['mount'] }] },
      namespaces: namespaces
        .filter(({ type }) => type !== 'user' && type !== 'cgroup')
        .map((each) => (each.type === 'network' && box.network ? { ...each, path: box.network.namespacePath } : each)),
    },
  };
}
