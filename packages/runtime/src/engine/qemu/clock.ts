import { readFile } from 'node:fs/promises';
import type { Accelerator } from './machine.ts';

/**
 * What the kernel of a machine is told about its clock. A translated machine counts with the host's time stamp counter,
 * whose frequency its kernel measures in vain on a busy host, and then hangs. A host that is a virtual machine itself
 * knows it exactly; on others the file has the present speed, and the kernel must measure.
 */
export async function clockOptions(accelerator: Accelerator, path = '/proc/cpuinfo'): Promise<readonly string[]> {
  if (accelerator !== 'tcg') return [];
  const text = await readFile(path, 'utf8').catch(() => '');
  const mhz = Number(/^cpu MHz\s*:\s*(\d+\.\d+)$/m.exec(text)?.[1]);
  const virtual = /^flags\s*:.*\shypervisor(\s|$)/m.test(text);
  return virtual && mhz > 0 ? [`tsc_early_khz=${Math.round(mhz * 1000)}`] : [];
}
