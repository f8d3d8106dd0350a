import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workDirectory } from './work-directory.ts';

const fieldsOf = (pid: string): string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

test('what a killed process left unfinished is removed, also while nobody has asked how it ended', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'boxlite-work-'));
  // The parent of the first is no shell any more, and never waits for it.
  const careless = spawn('sh', ['-c', 'sleep 60 & echo $!; exec tail -f /dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [said]: Buffer[] = await once(careless.stdout, 'data');
    const pid = String(said).trim();
    await expect.poll(() => readFileSync(`/proc/${careless.pid}/comm`, 'utf8')).toBe('tail\n');
    const name = `${pid}.${fieldsOf(pid)[19]}.abcdef`;
    mkdirSync(join(parent, name, 'work-1'), { recursive: true });
    const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
    const beside = await workDirectory(parent, remove);
    expect([readdirSync(parent).includes(name), await beside.alone()]).toEqual([true, false]);
    process.kill(Number(pid), 'SIGKILL');
    await expect.poll(() => fieldsOf(pid)[0]).toBe('Z');
    expect(await beside.alone()).toBe(true);
    await workDirectory(parent, remove);
    expect(readdirSync(parent)).not.toContain(name);
  } finally {
    careless.kill('SIGKILL');
    rmSync(parent, { recursive: true, force: true });
  }
});
