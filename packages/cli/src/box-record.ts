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
