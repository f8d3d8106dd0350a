import type { EngineBox } from '../engine.ts';
import { boxCapabilities, capabilityMask, guestCapabilities } from '../privileges.ts';

/** What speeds a machine up: the processor (kvm), or nothing (tcg: QEMU translates). */
export type Accelerator = 'kvm' | 'tcg';

/** The parts of a machine that are not its box. */
export interface MachineParts {
  readonly qemu: string;
  readonly prlimit: string;
  readonly accelerator: Accelerator;
  readonly kernel: string;
  /** Options of the kernel about its clock. */
  readonly clock: readonly string[];
  readonly initramfs: string;
  readonly imageDisk: string;
  readonly boxDisk: string;
  readonly pidFile: string;
  /** Where the process finds itself once it has opened everything. */
  readonly emptyFolder: string;
  /** The user it becomes then. */
  readonly uid: number;
}

// QEMU's own threads: 64 for disks at the most, and a few more.
const threadLimit = 96;

const kernelOptions = ['quiet', 'loglevel=0', 'panic=-1', 'reboot=t', 'random.trust_cpu=on', 'cryptomgr.notests'];

function machine(accelerator: Accelerator): readonly string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    // Its devices are told by ACPI, and so nothing is added to the kernel's command line.
    ...['-M', 'microvm,auto-kernel-cmdline=off,isa-serial=off,rtc=on'],
    ...['-accel', accelerator, '-cpu', accelerator === 'kvm' ? 'host' : 'max'],
  ];
}

type KernelParts = Pick<MachineParts, 'kernel' | 'initramfs' | 'clock'>;

function kernelArguments({ kernel, initramfs, clock }: KernelParts, guest: readonly string[]): readonly string[] {
  const line = [...kernelOptions, ...clock, '--', 'microvm', ...guest].join(' ');
  return ['-kernel', kernel, '-initrd', initramfs, '-append', line];
}

function disk(name: string, path: string, readOnly: boolean): readonly string[] {
  // As JSON: a path may hold any character.
  const file = { driver: 'file', filename: path, 'read-only': readOnly };
  const node = { driver: 'raw', 'node-name': name, 'read-only': readOnly, file };
  return ['-blockdev', JSON.stringify(node), '-device', `virtio-blk-device,drive=${name}`];
}

/** The command line of a box's machine; the socket of its channel is to be descriptor 3, listening. Ends once the machine runs. */
export function machineCommand(box: EngineBox, parts: MachineParts): readonly string[] {
  const ofBox = boxCapabilities(box.security, box.capabilities);
  const ofGuest = guestCapabilities(ofBox).map((name) => name.replace('CAP_', ''));
  const guest = [
    ...(box.attached ? ['--attached'] : []),
    ...['--hostname', box.hostname, '--capabilities', capabilityMask(ofBox)],
    ...['--guest-capabilities', capabilityMask(ofGuest)],
  ];
  const cpus = Math.ceil(box.cpus);
  return [
    // For its user, which has nothing else: what takes the process over cannot flood the host with others.
    ...[parts.prlimit, '--core=0', `--nproc=${cpus + threadLimit}`, parts.qemu],
    ...machine(parts.accelerator),
    ...['-m', `${box.memoryMib}M`, '-smp', `${cpus}`],
    ...kernelArguments(parts, guest),
    // In this order the kernel finds them: vport0p1, vda and vdb.
    ...['-chardev', 'socket,id=guest,fd=3,server=on,wait=off'],
    ...['-device', 'virtio-serial-device', '-device', 'virtserialport,chardev=guest,name=boxlite,nr=1'],
    ...disk('image', parts.imageDisk, true),
    ...disk('box', parts.boxDisk, false),
    // Not `spawn=deny`, which ends a process that goes to the background; in an empty folder there is nothing to execute.
    ...['-sandbox', 'on,obsolete=deny,resourcecontrol=deny'],
    ...['-runas', `${parts.uid}:${parts.uid}`, '-chroot', parts.emptyFolder],
    ...['-daemonize', '-pidfile', parts.pidFile],
  ];
}

/** A machine that only starts its kernel and ends with exit code 0. */
export function probeCommand(
  parts: Pick<MachineParts, 'qemu' | 'accelerator' | 'kernel' | 'initramfs'>,
): readonly string[] {
  return [
    parts.qemu,
    ...machine(parts.accelerator),
    ...['-m', '128M', ...kernelArguments({ ...parts, clock: [] }, ['--probe'])],
  ];
}
