import {
  checkFlag,
  checkName,
  checkRecord,
  checkText,
  checkTexts,
  checkUser,
  checkWhole,
  checkWord,
  refuse,
} from './argument.ts';
import type { BoxOptions } from './backend/box-options.ts';
import { InvalidArgumentError } from './errors.ts';

/** Refuses a box's name that no server would take. */
export function checkBoxName(name: unknown): void {
  checkName('name', name);
}

/** Checks what a box is made of before anything is asked of a backend; the error names the field. */
export function checkBoxOptions(options: BoxOptions): void {
  if (typeof options !== 'object' || options === null) refuse('options', 'an object such as { image }', options);
  if (options.image !== undefined) checkText('image', options.image);
  if (options.rootfsPath !== undefined) {
    checkText('rootfsPath', options.rootfsPath);
    if (options.image !== undefined) {
      throw new InvalidArgumentError('image and rootfsPath exclude each other: give one of them');
    }
  }
  checkWhole('cpus', options.cpus, 1, 32);
  checkWhole('memoryMib', options.memoryMib, 128);
  checkWhole('diskSizeGb', options.diskSizeGb, 1);
  checkWhole('processes', options.processes, 16);
  checkWhole('openFiles', options.openFiles, 16);
  checkWhole('outputLimitBytes', options.outputLimitBytes, 1024);
  checkWhole('maxConcurrentExecutions', options.maxConcurrentExecutions, 1, 512);
  if (options.workingDir !== undefined) checkText('workingDir', options.workingDir);
  checkRecord('env', options.env);
  checkTexts('entrypoint', options.entrypoint);
  checkTexts('cmd', options.cmd);
  checkUser('user', options.user);
  checkNetwork(options);
  checkWord('security', options.security, ['development', 'standard', 'maximum']);
  const { capabilities } = options;
  if (capabilities !== undefined) {
    if (typeof capabilities !== 'object' || capabilities === null)
      refuse('capabilities', '{ add, drop }', capabilities);
    checkTexts('capabilities.add', capabilities.add);
    checkTexts('capabilities.drop', capabilities.drop);
  }
  checkFlag('tty', options.tty);
  checkFlag('autoRemove', options.autoRemove);
  checkFlag('detach', options.detach);
  checkLifecycle(options);
  checkRecord('labels', options.labels);
  for (const [index, volume] of list('volumes', options.volumes)) {
    if ('volume' in volume) checkName(`volumes[${index}].volume`, volume.volume);
    else checkText(`volumes[${index}].hostPath`, volume.hostPath);
    checkAbsolute(`volumes[${index}].guestPath`, volume.guestPath);
    checkFlag(`volumes[${index}].readOnly`, volume.readOnly);
  }
  for (const [index, one] of list('tmpfs', options.tmpfs)) {
    checkAbsolute(`tmpfs[${index}].guestPath`, one.guestPath);
    checkWhole(`tmpfs[${index}].sizeMib`, one.sizeMib, 1, 1_048_576);
  }
  for (const [index, port] of list('ports', options.ports)) {
    if (port.guestPort === undefined) refuse(`ports[${index}].guestPort`, 'a whole number from 1 to 65535', undefined);
    checkWhole(`ports[${index}].guestPort`, port.guestPort, 1, 65535);
    checkWhole(`ports[${index}].hostPort`, port.hostPort, 0, 65535);
    checkWord(`ports[${index}].protocol`, port.protocol, ['tcp', 'udp']);
    if (port.hostIp !== undefined) checkText(`ports[${index}].hostIp`, port.hostIp);
  }
}

function checkLifecycle({ autoStopMs, autoDeleteMs, autoResume, autoRemove, healthCheck }: BoxOptions): void {
  checkWhole('autoStopMs', autoStopMs, 1);
  checkWhole('autoDeleteMs', autoDeleteMs, 1);
  checkFlag('autoResume', autoResume);
  if (autoRemove && autoDeleteMs !== undefined) {
    throw new InvalidArgumentError('autoRemove and autoDeleteMs exclude each other: autoRemove removes at once');
  }
  if (healthCheck === undefined) return;
  checkTexts('healthCheck.command', healthCheck.command);
  if (!(healthCheck.command?.length > 0)) refuse('healthCheck.command', 'a program and its arguments', undefined);
  checkWhole('healthCheck.intervalMs', healthCheck.intervalMs, 10);
  checkWhole('healthCheck.timeoutMs', healthCheck.timeoutMs, 100);
  checkWhole('healthCheck.retries', healthCheck.retries, 1);
  checkWhole('healthCheck.startPeriodMs', healthCheck.startPeriodMs, 0);
}

function checkAbsolute(field: string, path: unknown): void {
  if (typeof path !== 'string' || !path.startsWith('/')) refuse(field, 'an absolute path', path);
}

function checkNetwork({ network, ports = [] }: BoxOptions): void {
  if (typeof network === 'object' && network !== null) {
    checkTexts('network.allow', network.allow);
    checkFlag('network.inbound', network.inbound);
  } else checkWord('network', network, ['isolated', 'none']);
  const closed = network === 'none' || (typeof network === 'object' && network?.inbound === false);
  if (closed && ports.length > 0) {
    throw new InvalidArgumentError('ports need a network that takes connections: leave ports out, or open the network');
  }
}

function list<T>(field: string, value: readonly T[] | undefined): Iterable<[number, T]> {
  if (value === undefined) return [];
  if (!Array.isArray(value)) refuse(field, 'a list', value);
  return value.entries();
}
