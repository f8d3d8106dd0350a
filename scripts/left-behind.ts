// Names the boxes that tests left in home directories below a folder, a line each, and removes them with all they hold.
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { Boxlite } from 'boxlite';

const [folder = ''] = process.argv.slice(2);
for (const path of await readdir(folder, { recursive: true }).catch(() => [])) {
  if (!path.endsWith('boxlite.db')) continue;
  const homeDir = dirname(join(folder, path));
  try {
    await using runtime = await Boxlite.local({ homeDir });
    for (const { id, name, status } of await runtime.listInfo()) {
      process.stdout.write(`left behind: box ${name ?? id} (${status}) in ${homeDir}\n`);
      await runtime.remove(id, { force: true });
    }
  } catch (error) {
    process.stdout.write(`left behind: ${homeDir}, which cannot be cleared: ${error}\n`);
  }
}
await rm(folder, { recursive: true, force: true });
