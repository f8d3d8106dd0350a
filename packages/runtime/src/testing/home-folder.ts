import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const tries = 20;

/** Whether the tests are an ordinary user's. */
export const rootless: boolean = process.geteuid?.() !== 0;

// Without root, what is in a home directory belongs to the user's subordinate ids too.
async function asOwner(...argv: readonly string[]): Promise<void> {
  await promisify(execFile)('unshare', ['--map-root-user', '--map-auto', ...argv]);
}

/** Deletes a home directory, also while a host program still tidies up in it. */
export async function removeHome(home: string): Promise<void> {
  if (!rootless) return rm(home, { recursive: true, force: true, maxRetries: tries, retryDelay: 100 });
  for (let left = tries; ; left--) {
    try {
      return await asOwner('rm', '-rf', home);
    } catch (error) {
      if (left === 0) throw error;
      await delay(100);
    }
  }
}

/** Copies a home directory that no runtime has, with its owners. */
export async function copyHome(from: string, to: string): Promise<void> {
  if (rootless) await asOwner('cp', '-aT', from, to);
  else await cp(from, to, { recursive: true, preserveTimestamps: true });
}
