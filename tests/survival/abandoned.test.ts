import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { boxesCgroupPath } from '../../packages/runtime/src/cgroup/boxes-cgroup.ts';
import { readMounts } from '../../packages/runtime/src/host/mounts.ts';
import { ulid } from '../../packages/runtime/src/id/ulid.ts';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import { baseImage, leftovers, until } from './harness.ts';

const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** A detached box in a home directory of its own, which no runtime has. */
async function left(engine: string): Promise<{ home: string; id: string; pids: readonly number[] }> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-abandoned-'));
  onTestFinished(() => removeHome(home));
  const runtime = await Boxlite.local({ homeDir: home, engine });
  const box = await runtime.create({ image: baseImage, autoRemove: false, detach: true });
  const { pid = 0 } = await box.start();
  await box.exec('sleep', ['5151']);
  const network = Number(readFileSync(join(home, 'boxes', box.id, 'network.json'), 'utf8').split(' ')[0]);
  await runtime.shutdown();
  // As if it had been left a while ago.
  await utimes(join('/run/boxlite', box.id), 0, 0);
  return { home, id: box.id, pids: [pid, network] };
}

test.each(['runc', 'runsc'])(
  'a detached box on %s whose home directory is deleted ends with all it had, and another is left alone',
  async (engine) => {
    const [gone, kept] = await Promise.all([left(engine), left(engine)]);
    expect([...gone.pids, ...kept.pids].map(isThere)).toEqual([true, true, true, true]);
    await rm(gone.home, { recursive: true });
    await until('its end', () => !gone.pids.some(isThere));
    // Any other runtime lets go of its disk: this one, or one of a test beside this that opened a moment earlier.
    const again = await Boxlite.local({ homeDir: kept.home, engine });
    await until('nothing of it is left', () => leftovers(gone.home, [gone.id]).length === 0);
    const box = await again.get(kept.id);
    expect((await box?.info())?.pid).toBe(kept.pids[0]);
    expect((await box?.run('echo', ['still here']))?.stdout).toBe('still here\n');
    await again.remove(kept.id, { force: true });
    await again.shutdown();
  },
);

test.each([['has its cgroups still'], ['has taken those away']])(
  'what a runtime left that was killed while it let go of such a box, and %s, goes as well',
  async (state) => {
    const home = await mkdtemp(join(tmpdir(), 'boxlite-abandoned-'));
    onTestFinished(() => removeHome(home));
    const id = ulid();
    const own = join('/run/boxlite', id);
    const cgroups = (await readMounts()).filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
    expect(cgroups).not.toEqual([]);
    await mkdir(own, { recursive: true });
    if (state.includes('still'))
      for (const { path } of cgroups) await mkdir(join(path, boxesCgroupPath(), id), { recursive: true });
    await utimes(own, 0, 0);
    expect(leftovers(home, [id])).not.toEqual([]);
    await (await Boxlite.local({ homeDir: home })).shutdown();
    await until('nothing of it is left', () => leftovers(home, [id]).length === 0);
  },
);
