import { absolutePath, flag, oneOf, seconds, text, texts, textsByName, userSpec, whole } from './field.ts';
import { type NetworkSpec, networkSpec } from './network-spec.ts';
import { checked, list, object, optional, type Schema } from './schema.ts';
import { type SecurityPreset, securityPresets } from './security-preset.ts';
import { nameField } from './snapshot.ts';

/** A directory of the server's host, or a managed volume, made visible in the box: one of the two. */
export interface VolumeSpec {
  readonly host_path?: string | undefined;
  /** Id or name of a managed volume. */
  readonly managed_volume?: string | undefined;
  readonly guest_path: string;
  /** @default false */
  readonly read_only?: boolean | undefined;
}

/** Checks a volume. */
export const volumeSpec: Schema<VolumeSpec> = checked(
  object<VolumeSpec>({
    host_path: optional(absolutePath('host_path')),
    managed_volume: optional(nameField('managed_volume')),
    guest_path: absolutePath('guest_path'),
    read_only: optional(flag('read_only')),
  }),
  (spec) => (spec.host_path === undefined) !== (spec.managed_volume === undefined),
  'a volume has either host_path or managed_volume',
  'host_path',
);

/** A directory in memory, empty at every start of the box. */
export interface TmpfsSpec {
  readonly guest_path: string;
  /** 1 to 1048576. @default 64 */
  readonly size_mib?: number | undefined;
}

/** Checks a directory in memory. */
export const tmpfsSpec: Schema<TmpfsSpec> = object({
  guest_path: absolutePath('guest_path'),
  size_mib: optional(whole('size_mib', 1, 1_048_576)),
});

/** A port of the box published on the server's host. */
export interface PortSpec {
  /** 0 to 65535; 0 or absent: a free one is chosen. */
  readonly host_port?: number | undefined;
  /** 1 to 65535. */
  readonly guest_port: number;
  /** @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp' | undefined;
  readonly host_ip?: string | undefined;
}

/** Checks a port. */
export const portSpec: Schema<PortSpec> = object({
  host_port: optional(whole('host_port', 0, 65535)),
  guest_port: whole('guest_port', 1, 65535),
  protocol: optional(oneOf('protocol', ['tcp', 'udp'])),
  host_ip: optional(text('host_ip')),
});

/** A command that tells whether what a box is for works. */
export interface HealthCheckSpec {
  /** The program and its arguments; exit code 0 is healthy. */
  readonly command: readonly string[];
  /** At least 0.01. @default 30 */
  readonly interval_seconds?: number | undefined;
  /** At least 0.1. @default 30 */
  readonly timeout_seconds?: number | undefined;
  /** At least 1. @default 3 */
  readonly retries?: number | undefined;
  /** @default 0 */
  readonly start_period_seconds?: number | undefined;
}

/** Checks a health check. */
export const healthCheckSpec: Schema<HealthCheckSpec> = object({
  command: checked(texts('health_check.command'), ({ length }) => length > 0, 'health_check.command must not be empty'),
  interval_seconds: optional(seconds('health_check.interval_seconds', 0.01)),
  timeout_seconds: optional(seconds('health_check.timeout_seconds', 0.1)),
  retries: optional(whole('health_check.retries', 1)),
  start_period_seconds: optional(seconds('health_check.start_period_seconds', 0)),
});

/** Linux capabilities of the box's root user, on top of its preset. */
export interface CapabilitySpec {
  readonly add?: readonly string[] | undefined;
  /** `ALL` for every one. */
  readonly drop?: readonly string[] | undefined;
}

/** Settings that few need. */
export interface AdvancedSpec {
  readonly capabilities?: CapabilitySpec | undefined;
}

/** Checks the settings that few need. */
export const advancedSpec: Schema<AdvancedSpec> = object(
  {
    capabilities: optional(
      object({ add: optional(texts('add')), drop: optional(texts('drop')) }, 'capabilities must be an object'),
    ),
  },
  'advanced must be an object',
);

/** What a box is made of. Everything has a default. */
export interface CreateBoxRequest {
  /** 1 to 128 letters, digits, dots, underscores and hyphens, the first a letter or digit. */
  readonly name?: string | undefined;
  /** Not together with `rootfs_path`. @default 'alpine:latest' */
  readonly image?: string | undefined;
  /** An unpacked root file system on the server's host. */
  readonly rootfs_path?: string | undefined;
  /** 1 to 32. */
  readonly cpus?: number | undefined;
  /** At least 128. */
  readonly memory_mib?: number | undefined;
  /** At least 1. */
  readonly disk_size_gb?: number | undefined;
  /** Most processes and threads at a time; at least 16. */
  readonly processes?: number | undefined;
  /** Most open files of one process; at least 16. */
  readonly open_files?: number | undefined;
  /** Most bytes kept of one execution's output; at least 1024. */
  readonly output_limit_bytes?: number | undefined;
  /** Most executions at a time, 1 to 512. */
  readonly max_concurrent_executions?: number | undefined;
  readonly working_dir?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  /** `<name or uid>[:<group or gid>]`. */
  readonly user?: string | undefined;
  /** The main command gets a terminal. @default false */
  readonly tty?: boolean | undefined;
  readonly volumes?: readonly VolumeSpec[] | undefined;
  readonly tmpfs?: readonly TmpfsSpec[] | undefined;
  readonly ports?: readonly PortSpec[] | undefined;
  /** @default 'isolated' */
  readonly network?: NetworkSpec | undefined;
  /** `stopBox` also removes the box. @default true */
  readonly auto_remove?: boolean | undefined;
  /** @default false */
  readonly detach?: boolean | undefined;
  /** Seconds without use after which the box stops; 0: never. @default 0 */
  readonly auto_stop?: number | undefined;
  /** What `auto_stop` was called once; that wins where both are given. */
  readonly auto_pause?: number | undefined;
  /** Seconds after its end when the box is removed; 0: never, unless `auto_remove`. @default 0 */
  readonly auto_delete?: number | undefined;
  /** Using a paused or stopped box starts it again. @default true */
  readonly auto_resume?: boolean | undefined;
  readonly health_check?: HealthCheckSpec | undefined;
  /** @default 'standard' */
  readonly security?: SecurityPreset | undefined;
  readonly advanced?: AdvancedSpec | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Checks a request for a box; keys that are not known are left out, for the sake of newer clients. */
export const createBoxRequest: Schema<CreateBoxRequest> = checked(
  object<CreateBoxRequest>({
    name: optional(nameField('name')),
    image: optional(text('image')),
    rootfs_path: optional(absolutePath('rootfs_path')),
    cpus: optional(whole('cpus', 1, 32)),
    memory_mib: optional(whole('memory_mib', 128)),
    disk_size_gb: optional(whole('disk_size_gb', 1)),
    processes: optional(whole('processes', 16)),
    open_files: optional(whole('open_files', 16)),
    output_limit_bytes: optional(whole('output_limit_bytes', 1024)),
    max_concurrent_executions: optional(whole('max_concurrent_executions', 1, 512)),
    working_dir: optional(text('working_dir')),
    env: optional(textsByName('env')),
    entrypoint: optional(texts('entrypoint')),
    cmd: optional(texts('cmd')),
    user: optional(userSpec('user')),
    tty: optional(flag('tty')),
    volumes: optional(list(volumeSpec, 'volumes must be a list')),
    tmpfs: optional(list(tmpfsSpec, 'tmpfs must be a list')),
    ports: optional(list(portSpec, 'ports must be a list')),
    network: optional(networkSpec),
    auto_remove: optional(flag('auto_remove')),
    detach: optional(flag('detach')),
    auto_stop: optional(seconds('auto_stop', 0)),
    auto_pause: optional(seconds('auto_pause', 0)),
    auto_delete: optional(seconds('auto_delete', 0)),
    auto_resume: optional(flag('auto_resume')),
    health_check: optional(healthCheckSpec),
    security: optional(oneOf('security', securityPresets)),
    advanced: optional(advancedSpec),
    labels: optional(textsByName('labels')),
  }),
  (request) => request.image === undefined || request.rootfs_path === undefined,
  'image and rootfs_path exclude each other: give one of them',
  'rootfs_path',
);
