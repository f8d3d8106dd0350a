import type { BoxInfo, NetworkInfo } from 'boxlite/backend';
import type { Plain } from './yaml.ts';

/** A box as `inspect` and `list --format json` print it. */
export function boxRecord(info: BoxInfo): { readonly [key: string]: Plain } {
  return {
    Id: info.id,
    Name: info.name ?? null,
    Image: info.image,
    Created: info.createdAt.toISOString(),
    Status: info.status,
    State: {
      Status: info.status,
      Running: info.status === 'running',
      Paused: info.status === 'paused',
      Pid: info.pid ?? null,
      StartedAt: info.startedAt?.toISOString() ?? null,
      ExitCode: info.exitCode ?? null,
      Error: info.errorMessage ?? null,
      Health: info.healthStatus ?? null,
    },
    Entrypoint: [...(info.entrypoint ?? [])],
    Cmd: [...(info.cmd ?? [])],
    MainExecutionId: info.mainExecutionId ?? null,
    Cpus: info.cpus,
    MemoryMib: info.memoryMib,
    AutoRemove: info.autoRemove ?? null,
    AutoStopMs: info.autoStopMs ?? null,
    AutoDeleteMs: info.autoDeleteMs ?? null,
    AutoResume: info.autoResume ?? null,
    Labels: { ...info.labels },
    Network: info.network ? networkRecord(info.network) : null,
    Security: info.security ?? null,
    Capabilities: info.capabilities
      ? { Add: [...(info.capabilities.add ?? [])], Drop: [...(info.capabilities.drop ?? [])] }
      : null,
    DiskSizeGb: info.diskSizeGb ?? null,
    Processes: info.processes ?? null,
    OpenFiles: info.openFiles ?? null,
    OutputLimitBytes: info.outputLimitBytes ?? null,
    MaxConcurrentExecutions: info.maxConcurrentExecutions ?? null,
    WorkingDir: info.workingDir ?? null,
    User: info.user ?? null,
    Tty: info.tty ?? null,
    Detach: info.detach ?? null,
    Volumes: (info.volumes ?? []).map((volume) => ({
      ...('volume' in volume ? { Volume: volume.volume } : { HostPath: volume.hostPath }),
      GuestPath: volume.guestPath,
      ReadOnly: volume.readOnly ?? false,
    })),
    Tmpfs: (info.tmpfs ?? []).map(({ guestPath, sizeMib = null }) => ({ GuestPath: guestPath, SizeMib: sizeMib })),
    Ports: (info.ports ?? []).map(({ hostIp = null, hostPort = 0, guestPort, protocol = 'tcp' }) => ({
      ...{ HostIp: hostIp, HostPort: hostPort, GuestPort: guestPort, Protocol: protocol },
    })),
    HealthCheck: info.healthCheck
      ? {
          Command: [...info.healthCheck.command],
          IntervalMs: info.healthCheck.intervalMs,
          TimeoutMs: info.healthCheck.timeoutMs,
          Retries: info.healthCheck.retries,
          StartPeriodMs: info.healthCheck.startPeriodMs,
        }
      : null,
  };
}

function networkRecord({ mode, allow, inbound, ports }: NetworkInfo): Plain {
  return {
    Mode: mode,
    Allow: allow ? [...allow] : null,
    Inbound: inbound,
    Ports: ports.map(({ hostIp, hostPort, guestPort, protocol }) => ({
      HostIp: hostIp,
      HostPort: hostPort,
      GuestPort: guestPort,
      Protocol: protocol,
    })),
  };
}
