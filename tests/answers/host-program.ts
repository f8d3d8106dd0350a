import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

/** The program that does what needs root for the runtime of a home directory. */
function hostsOf(homeDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, role, , lock] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return role === 'host' && lock === `${homeDir}/lock`;
      } catch {
        return false;
      }
    });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Does something while the host program of a home directory is killed, as for want of memory, again and again: none gets to answer. */
export async function withoutHost<T>(homeDir: string, work: () => Promise<T>): Promise<T> {
  let over = false;
  const stopAll = (): void => {
    for (const pid of hostsOf(homeDir)) signal(pid, 'SIGSTOP');
  };
  stopAll();
  const done = work().finally(() => {
    over = true;
  });
  while (!over) {
    const before = hostsOf(homeDir);
    stopAll();
    await delay(25);
    for (const pid of before) signal(pid, 'SIGKILL');
  }
  for (const pid of hostsOf(homeDir)) signal(pid, 'SIGKILL');
  return done;
}
