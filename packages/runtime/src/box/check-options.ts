import { isAbsolute } from 'node:path';
import { type BoxOptions, type ExecOptions, InvalidArgumentError, UnsupportedError } from 'boxlite/backend';
import { boxCapabilities } from '../engine/privileges.ts';

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;
// A hundred years.
const mostMs = 3_155_760_000_000;
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
  if (options.ports && options.ports.length > 0) {
    throw new UnsupportedError('ports: the local engine cannot publish ports yet; leave ports out');
  }
  const { network = 'isolated', security = 'standard' } = options;
  if (network !== 'isolated' && network !== 'none') refuse('network', network, 'isolated or none');
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
  wholeNumber('size.cols', options.size?.cols, 1, 65_535);
  wholeNumber('size.rows', options.size?.rows, 1, 65_535);
}

/** Refuses what cannot be a path in a box. `InvalidArgumentError`. */
export function checkBoxPath(path: string): void {
  text('path', path);
  if (path === '') refuse('path', path, 'a path in the box');
  if (path.split('/').includes('..')) refuse('path', path, 'a path without .. in it');
}
