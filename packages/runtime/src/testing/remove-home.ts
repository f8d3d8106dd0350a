import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const tries = 20;

/** Deletes a home directory, also while a host program still tidies up in it: without root, what is in it belongs to the user's subordinate ids too. */
export async function removeHome(home: string): Promise<void> {
  if (process.geteuid?.() === 0) return rm(home, { recursive: true, force: true, maxRetries: tries, retryDelay: 100 });
  for (let left = tries; ; left--) {
    try {
      await promisify(execFile)('unshare', ['--map-root-user', '--map-auto', 'rm', '-rf', home]);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await delay(100);
    }
  }
}
