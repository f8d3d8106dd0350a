import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guestBinary, kernelRoots } from '../../shipped-files.ts';
import type { EngineProbe, ProbeProblem } from '../probe.ts';
import { findProgram } from '../program.ts';
import { probeAccelerator } from './accelerator.ts';
import { writeInitramfs } from './initramfs.ts';
import { findKernel, type Kernel, kernelFix } from './kernel.ts';
import { versionOfQemu } from './version.ts';

const install = (name: string): string => `sudo apt-get install -y --no-install-recommends ${name}`;

async function slowNote(qemu: string, kernel: Kernel): Promise<ProbeProblem | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-probe-'));
  try {
    const initramfs = join(folder, 'initramfs.cpio');
    await writeInitramfs(initramfs, guestBinary, kernel);
    return (await probeAccelerator({ qemu, kernel: kernel.image, initramfs })).slow;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether boxes can be virtual machines here, and with KVM, which is found out by starting a kernel with it. */
export async function probeQemu(
  name = 'qemu-system-x86_64',
  roots: readonly string[] = kernelRoots,
): Promise<EngineProbe> {
  const [path, mkfs, kernel] = await Promise.all([
    findProgram(name),
    findProgram('mkfs.erofs'),
    findKernel(roots).catch(() => undefined),
  ]);
  const version = path === undefined ? undefined : await versionOfQemu(path);
  const problems: ProbeProblem[] = [];
  if (path === undefined) problems.push({ reason: `${name} is not installed`, fix: install('qemu-system-x86') });
  else if (version === undefined)
    problems.push({ reason: `${path} --version fails`, fix: `${install('qemu-system-x86')} --reinstall` });
  if (mkfs === undefined)
    problems.push({ reason: 'mkfs.erofs is missing, which makes disks of images', fix: install('erofs-utils') });
  if (kernel === undefined) problems.push({ reason: 'there is no kernel for machines', fix: kernelFix });
  const notes: ProbeProblem[] = [{ reason: 'only on demand: no network, no volumes', fix: 'BOXLITE_ENGINE=qemu' }];
  if (problems.length === 0 && path !== undefined && kernel !== undefined) {
    const slow = await slowNote(path, kernel);
    notes.push(slow ?? { reason: 'with KVM', fix: 'nothing' });
  }
  return { name: 'qemu', path, version, usable: problems.length === 0, problems, notes };
}
