// Copies a directory and a file in, and a result out. A box that was never started is started for it.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { image, openRuntime } from './runtime.ts';

await using runtime = await openRuntime();
await using box = await runtime.create({ image });

const folder = await mkdtemp(join(tmpdir(), 'boxlite-example-'));
try {
  await mkdir(join(folder, 'app/lib'), { recursive: true });
  await writeFile(join(folder, 'app/main.sh'), 'echo "main"; cat /opt/app/lib/words.txt\n');
  await writeFile(join(folder, 'app/lib/words.txt'), 'words of the library\n');
  await writeFile(join(folder, 'motd'), 'a file of its own\n');

  await box.copyIn(join(folder, 'app'), '/opt/app');
  await box.copyIn(join(folder, 'motd'), '/etc');
  for (const path of ['/opt/app/main.sh', '/opt/app/lib/words.txt', '/etc/motd']) {
    console.log(`${path}: ${(await box.run('cat', [path])).stdout.trim()}`);
  }

  await box.run('sh', ['-c', 'sh /opt/app/main.sh > /root/result.txt']);
  await box.copyOut('/root/result.txt', join(folder, 'result.txt'));
  console.log(`came out: ${JSON.stringify(await readFile(join(folder, 'result.txt'), 'utf8'))}`);
} finally {
  await rm(folder, { recursive: true });
}
