import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { ProbeProblem } from '../probe.ts';
import { type Accelerator, type MachineParts, probeCommand } from './machine.ts';

/** Which accelerator works here, and why it is not the better one. */
export interface AcceleratorProbe {
  readonly accelerator: Accelerator;
  readonly slow: ProbeProblem | undefined;
}

const limitMs = 5000;

function runs(command: readonly string[]): Promise<string | undefined> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    execFile(program, args, { timeout: limitMs, killSignal: 'SIGKILL' }, (error, _, stderr) => {
      if (error === null) return resolve(undefined);
      resolve(error.killed === true ? `it does not start within ${limitMs / 1000} s` : (stderr.split('\n')[0] ?? ''));
    });
  });
}

function slow(reason: string, fix: string): AcceleratorProbe {
  return { accelerator: 'tcg', slow: { reason: `machines are translated, which is slow: ${reason}`, fix } };
}

/** Tries KVM with a machine that only starts its kernel: that /dev/kvm can be opened says little. */
export async function probeAccelerator(
  parts: Pick<MachineParts, 'qemu' | 'kernel' | 'initramfs'>,
): Promise<AcceleratorProbe> {
  const there = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!there) return slow('no /dev/kvm that this process may use', 'sudo modprobe -a kvm_intel kvm_amd');
  const problem = await runs(probeCommand({ ...parts, accelerator: 'kvm' }));
  if (problem === undefined) return { accelerator: 'kvm', slow: undefined };
  return slow(`a machine with KVM fails (${problem})`, 'use a host with hardware or nested virtualization');
}
