import { readFileSync } from 'node:fs';

// Linux counts in hundredths of a second wherever Node runs (USER_HZ).
const tickMs = 10;

/** The processor time that a process has taken, its threads and the kernel's work for it included, in milliseconds. */
export function processorMs(pid: number): number {
  // The second field, the name, may hold anything but ends with the last parenthesis.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
