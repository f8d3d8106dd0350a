import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Such as 7.2.22; undefined when the program does not run. */
export async function versionOfQemu(path: string): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 5000 }).catch(() => ({ stdout: '' }));
  return /version (\S+)/.exec(stdout)?.[1];
}
