import { readFile } from 'node:fs/promises';
import type { ProbeProblem } from './probe.ts';

/** What differs between the programs that run containers by the same command line. */
export interface ContainerRuntime {
  readonly name: 'runc' | 'crun';
  /** In Debian. */
  readonly packageName: string;
  /** The oldest release that boxes work with. */
  readonly oldest: readonly [major: number, minor: number];
  /** Its own note about a container, below its root and the container's id, and what PID 1 and its start are called there. */
  readonly state: { readonly file: string; readonly pid: string; readonly startTime: string };
  /** `rbind` brings what is mounted below. */
  readonly bindsRecursively: boolean;
  /** Why no container can be started on this host whatever it is; undefined when nothing is in the way. */
  refusal(): Promise<ProbeProblem | undefined>;
}

/** The reference implementation. */
export const runc: ContainerRuntime = {
  name: 'runc',
  packageName: 'runc',
  oldest: [1, 1],
  state: { file: 'state.json', pid: 'init_process_pid', startTime: 'init_process_start' },
  bindsRecursively: true,
  refusal: () => Promise.resolve(undefined),
};

/** The one in C. */
export const crun: ContainerRuntime = {
  name: 'crun',
  packageName: 'crun',
  oldest: [1, 8],
  state: { file: 'status', pid: 'pid', startTime: 'process-start-time' },
  // Not for a box with a user namespace, in Debian's 1.8.1.
  bindsRecursively: false,
  async refusal() {
    // It asks no more than this, and only where /sys/fs/cgroup is not of version 2 itself.
    const controllers = await readFile('/sys/fs/cgroup/unified/cgroup.controllers', 'utf8').catch(() => '');
    if (controllers.trim() === '') return undefined;
    return {
      reason: `crun refuses hosts whose cgroup controllers are of both versions (${controllers.trim()} of version 2, others of version 1)`,
      fix: 'boot with systemd.unified_cgroup_hierarchy=1, or choose the engine runc',
    };
  },
};
