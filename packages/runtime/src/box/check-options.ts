import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { type BoxOptions, type ExecOptions, InvalidArgumentError } from 'boxlite/backend';
import { boxCapabilities } from '../engine/privileges.ts';
import { parseRule } from '../network/index.ts';

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;
// A hundred years.
const mostMs = 3_155_760_000_000;
const rulesLimit = 1000;
const portsLimit = 256;
const userPattern = /^[^:\s/\0]{1,64}(:[^:\s/\0]{1,64})?$/;

function refuse(field: string, value: unknown, allowed: string): never {
  const shown = JSON.stringify(value)?.slice(0, 200);
  throw new InvalidArgumentError(`${field} must be ${allowed}, not ${shown}`);
}

function wholeNumber(field: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < least || value > most) {
    refuse(field, value, `a whole number from ${least} to ${most}`);
  }
}

function text(field: string, value: string | undefined): void {
  if (value === undefined) return;
  if (typeof value !== 'string' || value.includes('\0')) refuse(field, value, 'a text without NUL');
}

function absolute(field: string, value: string | undefined): void {
  if (value === undefined) return;
  text(field, value);
  if (!isAbsolute(value)) refuse(field, value, 'an absolute path');
}

function environment(field: string, env: Readonly<Record<string, string>> | undefined): void {
  for (const [key, value] of Object.entries(env ?? {})) {
    if (key === '' || /[=\0]/.test(key)) refuse(`${field} key`, key, 'a name without = and NUL');
    text(`${field}.${key}`, value);
  }
}

function words(field: string, list: readonly string[] | undefined): void {
  for (const [i, word] of (list ?? []).entries()) text(`${field}[${i}]`, word);
}

function user(value: string | undefined): void {
  if (value !== undefined && !userPattern.test(value)) refuse('user', value, '<name or uid>[:<group or gid>]');
}

function network({ network: wanted = 'isolated', ports = [] }: BoxOptions): void {
  if (wanted !== 'isolated' && wanted !== 'none' && (typeof wanted !== 'object' || wanted === null)) {
    refuse('network', wanted, 'isolated, none or an object such as { allow }');
  }
  const { allow = [], inbound = true } = typeof wanted === 'object' ? wanted : {};
  if (!Array.isArray(allow) || !allow.every((rule) => typeof rule === 'string')) {
    refuse('network.allow', allow, 'a list of texts');
  }
  if (typeof inbound !== 'boolean') refuse('network.inbound', inbound, 'true or false');
  if (allow.length > rulesLimit) refuse('network.allow', allow.length, `at most ${rulesLimit} rules`);
  for (const rule of allow) parseRule(rule);
  if (ports.length === 0) return;
  if (ports.length > portsLimit) refuse('ports', ports.length, `at most ${portsLimit} ports`);
  if (wanted === 'none' || !inbound) {
    throw new InvalidArgumentError('ports need a network that takes connections: leave ports out, or open the network');
  }
  for (const [i, { guestPort, hostPort, protocol = 'tcp', hostIp = '127.0.0.1' }] of ports.entries()) {
    wholeNumber(`ports[${i}].guestPort`, guestPort, 1, 65_535);
    wholeNumber(`ports[${i}].hostPort`, hostPort, 0, 65_535);
    if (!['tcp', 'udp'].includes(protocol)) refuse(`ports[${i}].protocol`, protocol, 'tcp or udp');
    if (isIP(hostIp) === 0) refuse(`ports[${i}].hostIp`, hostIp, 'an address of this host');
  }
}

/** Refuses what cannot be the name of a box. `InvalidArgumentError`. */
export function checkBoxName(name: string | undefined): void {
  if (name !== undefined) checkName('name', name);
}

/** Refuses what cannot be a name. `InvalidArgumentError`. */
export function checkName(field: string, name: string): void {
  if (namePattern.test(name)) return;
  refuse(field, name, '1 to 128 letters, digits, dots, dashes and underscores that begin with a letter or digit');
}

/** Refuses what cannot be a box, before any work. `InvalidArgumentError`, `UnsupportedError`. */
export function checkBoxOptions(options: BoxOptions): void {
  if (options.image !== undefined && options.rootfsPath !== undefined) {
    throw new InvalidArgumentError('image and rootfsPath exclude each other; give one of them');
  }
  text('image', options.image);
  absolute('rootfsPath', options.rootfsPath);
  wholeNumber('cpus', options.cpus, 1, 32);
  wholeNumber('memoryMib', options.memoryMib, 128, 1_048_576);
  wholeNumber('diskSizeGb', options.diskSizeGb, 1, 16_384);
  wholeNumber('processes', options.processes, 16, 4_194_304);
  wholeNumber('openFiles', options.openFiles, 16, 1_048_576);
  wholeNumber('outputLimitBytes', options.outputLimitBytes, 1024, Number.MAX_SAFE_INTEGER);
  wholeNumber('maxConcurrentExecutions', options.maxConcurrentExecutions, 1, 512);
  absolute('workingDir', options.workingDir);
  environment('env', options.env);
  words('entrypoint', options.entrypoint);
  words('cmd', options.cmd);
  user(options.user);
  for (const [i, volume] of (options.volumes ?? []).entries()) {
    if ('volume' in volume) checkName(`volumes[${i}].volume`, volume.volume);
    else absolute(`volumes[${i}].hostPath`, volume.hostPath);
    absolute(`volumes[${i}].guestPath`, volume.guestPath);
  }
  for (const [i, { guestPath, sizeMib }] of (options.tmpfs ?? []).entries()) {
    absolute(`tmpfs[${i}].guestPath`, guestPath);
    wholeNumber(`tmpfs[${i}].sizeMib`, sizeMib, 1, 1_048_576);
  }
  network(options);
  const { security = 'standard' } = options;
  if (!['development', 'standard', 'maximum'].includes(security)) {
    refuse('security', security, 'development, standard or maximum');
  }
  checkLifecycle(options);
  const { add, drop } = options.capabilities ?? {};
  words('capabilities.add', add);
  words('capabilities.drop', drop);
  boxCapabilities(security, options.capabilities);
  for (const [key, value] of Object.entries(options.labels ?? {})) text(`labels.${key}`, value);
}

function checkLifecycle({ autoRemove, autoStopMs, autoDeleteMs, healthCheck }: BoxOptions): void {
  wholeNumber('autoStopMs', autoStopMs, 1, mostMs);
  wholeNumber('autoDeleteMs', autoDeleteMs, 1, mostMs);
  if (autoRemove && autoDeleteMs !== undefined) {
    throw new InvalidArgumentError('autoRemove and autoDeleteMs exclude each other; autoRemove removes at once');
  }
  if (healthCheck === undefined) return;
  words('healthCheck.command', healthCheck.command);
  if (!healthCheck.command[0]) refuse('healthCheck.command', healthCheck.command, 'a program and its arguments');
  wholeNumber('healthCheck.intervalMs', healthCheck.intervalMs, 10, mostMs);
  wholeNumber('healthCheck.timeoutMs', healthCheck.timeoutMs, 100, 2_147_483_647);
  wholeNumber('healthCheck.retries', healthCheck.retries, 1, 1_000_000);
  wholeNumber('healthCheck.startPeriodMs', healthCheck.startPeriodMs, 0, mostMs);
}

/** Refuses what cannot be a command, before any work. `InvalidArgumentError`. */
export function checkExecOptions(options: ExecOptions): void {
  text('command', options.command);
  if (options.command === '') refuse('command', '', 'the name or path of a program');
  words('args', options.args);
  environment('env', options.env);
  absolute('workingDir', options.workingDir);
  user(options.user);
  wholeNumber('timeoutMs', options.timeoutMs, 100, 2_147_483_647);
  const { output } = options;
  if (output?.policy !== undefined && output.policy !== 'truncate' && output.policy !== 'block') {
    refuse('output.policy', output.policy, 'truncate or block');
  }
  wholeNumber('output.limitBytes', output?.limitBytes, 1024, Number.MAX_SAFE_INTEGER);
  wholeNumber('size.cols', options.size?.cols, 1, 65_535);
  wholeNumber('size.rows', options.size?.rows, 1, 65_535);
}

/** Refuses what cannot be a path in a box. `InvalidArgumentError`. */
export function checkBoxPath(path: string): void {
  text('path', path);
  if (path === '') refuse('path', path, 'a path in the box');
  if (path.split('/').includes('..')) refuse('path', path, 'a path without .. in it');
}
