import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('../../../../guest', import.meta.url));

/** Builds `boxlite-guest` where it is missing or older than its sources; its path. For tests. */
export async function buildGuestBinary(): Promise<string> {
  // Test files run at the same time, and share the folder.
  await promisify(execFile)('flock', [folder, 'make', '-C', folder]);
  return `${folder}/build/boxlite-guest`;
}
