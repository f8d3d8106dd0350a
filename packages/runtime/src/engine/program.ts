import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute } from 'node:path';

const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The absolute path of a program: PATH first, then the system's folders, which a user's PATH may lack. Undefined when not found. */
export async function findProgram(name: string, path: string = process.env['PATH'] ?? ''): Promise<string | undefined> {
  const folders = [...path.split(':').filter(isAbsolute), ...systemFolders];
  for (const candidate of isAbsolute(name) ? [name] : folders.map((folder) => `${folder}/${name}`)) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return undefined;
}
