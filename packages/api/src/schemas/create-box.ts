import * as z from 'zod';
import { absolutePath, flag, oneOf, seconds, text, texts, textsByName, userSpec, whole } from './field.ts';
import { type NetworkSpec, networkSpec } from './network.ts';
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
export const volumeSpec: z.ZodType<VolumeSpec> = z
  .object({
    host_path: absolutePath('host_path').optional(),
    managed_volume: nameField('managed_volume').optional(),
    guest_path: absolutePath('guest_path'),
    read_only: flag('read_only').optional(),
  })
  .refine((spec) => (spec.host_path === undefined) !== (spec.managed_volume === undefined), {
    message: 'a volume has either host_path or managed_volume',
    path: ['host_path'],
  });

/** A directory in memory, empty at every start of the box. */
export interface TmpfsSpec {
  readonly guest_path: string;
  /** 1 to 1048576. @default 64 */
  readonly size_mib?: number | undefined;
}

/** Checks a directory in memory. */
export const tmpfsSpec: z.ZodType<TmpfsSpec> = z.object({
  guest_path: absolutePath('guest_path'),
  size_mib: whole('size_mib', 1, 1_048_576).optional(),
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
export const portSpec: z.ZodType<PortSpec> = z.object({
  host_port: whole('host_port', 0, 65535).optional(),
  guest_port: whole('guest_port', 1, 65535),
  protocol: oneOf('protocol', ['tcp', 'udp']).optional(),
  host_ip: text('host_ip').optional(),
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
export const healthCheckSpec: z.ZodType<HealthCheckSpec> = z.object({
  command: texts('health_check.command').refine((words) => words.length > 0, 'health_check.command must not be empty'),
  interval_seconds: seconds('health_check.interval_seconds', 0.01).optional(),
  timeout_seconds: seconds('health_check.timeout_seconds', 0.1).optional(),
  retries: whole('health_check.retries', 1).optional(),
  start_period_seconds: seconds('health_check.start_period_seconds', 0).optional(),
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
export const advancedSpec: z.ZodType<AdvancedSpec> = z.object(
  {
    capabilities: z
      .object({ add: texts('add').optional(), drop: texts('drop').optional() }, 'capabilities must be an object')
      .optional(),
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
export const createBoxRequest: z.ZodType<CreateBoxRequest> = z
  .object({
    name: nameField('name').optional(),
    image: text('image').optional(),
    rootfs_path: absolutePath('rootfs_path').optional(),
    cpus: whole('cpus', 1, 32).optional(),
    memory_mib: whole('memory_mib', 128).optional(),
    disk_size_gb: whole('disk_size_gb', 1).optional(),
    processes: whole('processes', 16).optional(),
    open_files: whole('open_files', 16).optional(),
    output_limit_bytes: whole('output_limit_bytes', 1024).optional(),
    max_concurrent_executions: whole('max_concurrent_executions', 1, 512).optional(),
    working_dir: text('working_dir').optional(),
    env: textsByName('env').optional(),
    entrypoint: texts('entrypoint').optional(),
    cmd: texts('cmd').optional(),
    user: userSpec('user').optional(),
    tty: flag('tty').optional(),
    volumes: z.array(volumeSpec, 'volumes must be a list').optional(),
    tmpfs: z.array(tmpfsSpec, 'tmpfs must be a list').optional(),
    ports: z.array(portSpec, 'ports must be a list').optional(),
    network: networkSpec.optional(),
    auto_remove: flag('auto_remove').optional(),
    detach: flag('detach').optional(),
    auto_stop: seconds('auto_stop', 0).optional(),
    auto_pause: seconds('auto_pause', 0).optional(),
    auto_delete: seconds('auto_delete', 0).optional(),
    auto_resume: flag('auto_resume').optional(),
    health_check: healthCheckSpec.optional(),
    security: oneOf('security', securityPresets).optional(),
    advanced: advancedSpec.optional(),
    labels: textsByName('labels').optional(),
  })
  .refine((request) => request.image === undefined || request.rootfs_path === undefined, {
    message: 'image and rootfs_path exclude each other: give one of them',
    path: ['rootfs_path'],
  });
