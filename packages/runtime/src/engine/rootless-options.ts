import { type BoxOptions, UnsupportedError } from 'boxlite/backend';

/** What a host gives to boxes. */
export interface HostMeans {
  /** This process is an ordinary user's. */
  readonly rootless: boolean;
  /** It may make cgroups. */
  readonly cgroups: boolean;
}

/** Refuses what a box asks for by name and an ordinary user cannot give, before any work. `UnsupportedError` that names the next step. */
export function checkMeans(options: BoxOptions, { rootless, cgroups }: HostMeans): void {
  if (!rootless) return;
  const refuse = (field: string, why: string): never => {
    throw new UnsupportedError(`${field}: ${why}`);
  };
  if (!cgroups)
    for (const field of ['cpus', 'memoryMib'] as const)
      if (options[field] !== undefined)
        refuse(
          field,
          'an ordinary user has no cgroups here to hold it; leave it out, run boxlite as root, or delegate a cgroup of version 2 (docs/guides/rootless.md)',
        );
  if (options.diskSizeGb !== undefined)
    refuse('diskSizeGb', 'it needs a loop device, which only root has; leave it out, or run boxlite as root');
  if (options.rootfsPath !== undefined)
    refuse('rootfsPath', "its files would be nobody's in the box; import it with boxlite images import");
}
