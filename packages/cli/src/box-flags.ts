import { resolve } from 'node:path';
import type { BoxOptions, Environment, TmpfsOptions, VolumeOptions } from 'boxlite/backend';
import { type Command, Option } from 'commander';
import { addNetworkFlags, type NetworkFlags, networkOptions } from './network-flags.ts';
import { UsageError } from './usage.ts';

/** What the flags shared by `run` and `create` parse to. */
export interface BoxFlags extends NetworkFlags {
  readonly env?: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly label?: readonly string[];
  readonly entrypoint?: string;
  readonly cpus?: number;
  readonly memory?: number;
  readonly diskSize?: number;
  readonly processes?: number;
  readonly openFiles?: number;
  readonly outputLimit?: number;
  readonly maxExecutions?: number;
  readonly name?: string;
  readonly rm?: boolean;
  readonly autoStop?: number;
  readonly autoDelete?: number;
  readonly autoResume?: boolean;
  readonly healthCommand?: string;
  readonly healthInterval?: number;
  readonly healthTimeout?: number;
  readonly healthRetries?: number;
  readonly healthStartPeriod?: number;
  readonly volume?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly security?: NonNullable<BoxOptions['security']>;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly rootfs?: string;
}

/** Adds the flags that say what a box is made of. */
export function addBoxFlags(command: Command): Command {
  return addNetworkFlags(command)
    .option('-e, --env <NAME=VALUE>', 'set an environment variable; NAME alone takes it from this process', collect)
    .option('-w, --workdir <dir>', 'working directory in the box; made where there is none')
    .option('-u, --user <user[:group]>', 'run commands as this user')
    .option('-l, --label <NAME=VALUE>', 'a label to find the box by: list -f label=NAME=VALUE; repeatable', collect)
    .option('--entrypoint <program>', 'program to put before the command')
    .option('--cpus <count>', 'processors', wholeNumber('--cpus'))
    .option('--memory <MiB>', 'memory', wholeNumber('--memory'))
    .option(
      '--disk-size <GB>',
      'size of the writable disk; without it the box shares the host disk',
      wholeNumber('--disk-size'),
    )
    .option('--processes <count>', 'most processes and threads at a time (4096)', wholeNumber('--processes'))
    .option('--open-files <count>', 'most open files of one process', wholeNumber('--open-files'))
    .option(
      '--output-limit <bytes>',
      "most output kept of one command (the runtime's, 4 GiB)",
      wholeNumber('--output-limit'),
    )
    .option('--max-executions <count>', 'most commands at a time (512)', wholeNumber('--max-executions'))
    .option('--name <name>', 'a name to find the box by')
    .option('--auto-stop <seconds>', 'stop the box once nothing has used it for so long', wholeNumber('--auto-stop'))
    .option('--auto-delete <seconds>', 'remove the box so long after it has stopped', wholeNumber('--auto-delete'))
    .option('--no-auto-resume', 'leave the box paused or stopped when something wants to use it')
    .option('--health-command <command>', 'a shell command that succeeds while the box is healthy')
    .option('--health-interval <seconds>', 'between two health checks (30)', wholeNumber('--health-interval'))
    .option('--health-timeout <seconds>', 'a check that takes longer has failed (30)', wholeNumber('--health-timeout'))
    .option('--health-retries <count>', 'so many failures in a row are unhealthy (3)', wholeNumber('--health-retries'))
    .option(
      '--health-start-period <seconds>',
      'failures so soon after the start do not count (0)',
      wholeNumber('--health-start-period'),
    )
    .option(
      '-v, --volume <host:box[:ro]>',
      'make a host directory visible in the box, or a volume by its name',
      collect,
    )
    .option('--tmpfs <box[:MiB]>', 'a directory in memory', collect)
    .addOption(new Option('--security <preset>', 'confinement').choices(['development', 'standard', 'maximum']))
    .option('--cap-add <name>', 'give the root user of the box a Linux capability, such as NET_RAW', collect)
    .option('--cap-drop <name>', 'take a Linux capability from the root user of the box; ALL for every one', collect)
    .option('--rootfs <dir>', 'an unpacked root file system in place of an image');
}

/** The box that the flags describe, at the most: what was not given is left to the runtime's defaults. */
export function boxOptions(image: string | undefined, flags: BoxFlags): BoxOptions {
  if (image !== undefined && flags.rootfs !== undefined) {
    throw new UsageError(`give an image or --rootfs, not both (image ${image}, --rootfs ${flags.rootfs})`);
  }
  return {
    ...(image !== undefined && { image }),
    ...(flags.rootfs !== undefined && { rootfsPath: resolve(flags.rootfs) }),
    ...(flags.env !== undefined && { env: parseEnvironment(flags.env, process.env) }),
    ...(flags.workdir !== undefined && { workingDir: flags.workdir }),
    ...(flags.user !== undefined && { user: flags.user }),
    ...(flags.label !== undefined && { labels: parseLabels(flags.label) }),
    ...(flags.cpus !== undefined && { cpus: flags.cpus }),
    ...(flags.memory !== undefined && { memoryMib: flags.memory }),
    ...(flags.diskSize !== undefined && { diskSizeGb: flags.diskSize }),
    ...(flags.processes !== undefined && { processes: flags.processes }),
    ...(flags.openFiles !== undefined && { openFiles: flags.openFiles }),
    ...(flags.outputLimit !== undefined && { outputLimitBytes: flags.outputLimit }),
    ...(flags.maxExecutions !== undefined && { maxConcurrentExecutions: flags.maxExecutions }),
    ...(flags.volume !== undefined && { volumes: flags.volume.map(parseVolume) }),
    ...(flags.tmpfs !== undefined && { tmpfs: flags.tmpfs.map(parseTmpfs) }),
    ...networkOptions(flags),
    ...(flags.security !== undefined && { security: flags.security }),
    ...((flags.capAdd ?? flags.capDrop) !== undefined && {
      capabilities: {
        ...(flags.capAdd !== undefined && { add: flags.capAdd }),
        ...(flags.capDrop !== undefined && { drop: flags.capDrop }),
      },
    }),
    ...(flags.autoStop && { autoStopMs: flags.autoStop * 1000 }),
    ...(flags.autoDelete && { autoDeleteMs: flags.autoDelete * 1000 }),
    ...(flags.autoResume === false && { autoResume: false }),
    ...healthCheck(flags),
    autoRemove: flags.rm === true,
  };
}

/** Without a command there is nothing for the other flags to hold for. */
function healthCheck(flags: BoxFlags): Pick<BoxOptions, 'healthCheck'> {
  const { healthCommand, healthInterval, healthTimeout, healthRetries, healthStartPeriod } = flags;
  if (healthCommand === undefined) {
    const others = { healthInterval, healthTimeout, healthRetries, healthStartPeriod };
    const [idle] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
    if (idle === undefined) return {};
    const flag = idle.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag} checks nothing without a command: give --health-command as well`);
  }
  return {
    healthCheck: {
      command: ['/bin/sh', '-c', healthCommand],
      ...(healthInterval !== undefined && { intervalMs: healthInterval * 1000 }),
      ...(healthTimeout !== undefined && { timeoutMs: healthTimeout * 1000 }),
      ...(healthRetries !== undefined && { retries: healthRetries }),
      ...(healthStartPeriod !== undefined && { startPeriodMs: healthStartPeriod * 1000 }),
    },
  };
}

/** `NAME=VALUE`, or `NAME` for the value of this process; a name that this process lacks is left out. */
export function parseEnvironment(flags: readonly string[], own: NodeJS.ProcessEnv): Environment {
  const env: Record<string, string> = {};
  for (const flag of flags) {
    const equals = flag.indexOf('=');
    const name = equals < 0 ? flag : flag.slice(0, equals);
    if (name === '') throw new UsageError(`--env must be NAME=VALUE or NAME, not ${JSON.stringify(flag)}`);
    const value = equals < 0 ? own[name] : flag.slice(equals + 1);
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** `NAME=VALUE`; the value may be empty. */
function parseLabels(flags: readonly string[]): Readonly<Record<string, string>> {
  const labels = flags.map((flag) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(flag) ?? [];
    if (name !== undefined && value !== undefined) return [name, value] as const;
    throw new UsageError(`--label must be NAME=VALUE, not ${JSON.stringify(flag)}`);
  });
  return Object.fromEntries(labels);
}

/** `box` or `box:MiB`. */
function parseTmpfs(flag: string): TmpfsOptions {
  const [guestPath, size, ...rest] = flag.split(':');
  if (!guestPath || rest.length > 0) throw new UsageError(`--tmpfs must be BOX_DIR[:MIB], not ${JSON.stringify(flag)}`);
  return { guestPath, ...(size !== undefined && { sizeMib: wholeNumber('--tmpfs')(size) }) };
}

/** `host:box`, `host:box:ro` or `host:box:rw`; a host part that is a name, without a slash, is a volume. */
export function parseVolume(flag: string): VolumeOptions {
  const [host, guest, mode, ...rest] = flag.split(':');
  if (!host || !guest || rest.length > 0 || (mode !== undefined && mode !== 'ro' && mode !== 'rw')) {
    throw new UsageError(`--volume must be HOST_DIR:BOX_DIR[:ro], not ${JSON.stringify(flag)}`);
  }
  const readOnly = mode === 'ro';
  if (/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(host)) return { volume: host, guestPath: guest, readOnly };
  return { hostPath: resolve(host), guestPath: guest, readOnly };
}

/** Gathers a flag that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** A parser of whole numbers that names its flag. */
export function wholeNumber(flag: string): (value: string) => number {
  return (value) => {
    if (!/^\d{1,15}$/.test(value)) throw new UsageError(`${flag} must be a whole number, not ${JSON.stringify(value)}`);
    return Number(value);
  };
}
