import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Box } from 'boxlite';
import { describe, expect, test } from 'vitest';
import { baseImage, openSite, type Site } from './harness.ts';

const disks = [
  { name: 'a disk on the host', options: {} },
  { name: 'a disk with a size', options: { diskSizeGb: 1 } },
];

async function sh(box: Box, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await box.run('sh', ['-c', script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Not there yet, or just gone: servers work in it meanwhile.
    return [];
  }
}

/** Kills the server at the first sight of a step of the work, or at its end, and starts another; whether it was in time. */
async function killAt(site: Site, step: () => boolean, work: Promise<unknown>): Promise<boolean> {
  let over = false;
  const settled = work
    .catch(() => undefined)
    .finally(() => {
      over = true;
    });
  while (!step() && !over) await setImmediate();
  const inTime = !over;
  await site.crash();
  await settled;
  return inTime;
}

/** What lies around that no record knows of, and mounts that no running box has. */
async function strays(site: Site): Promise<string[]> {
  const boxes = await site.runtime.listInfo();
  const ids = new Set(boxes.map(({ id }) => id));
  const running = boxes.filter(({ status }) => status === 'running').map(({ id }) => join(site.home, 'boxes', id));
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const snapshots = boxes.map(async ({ id }) => {
    const known = new Set((await (await site.runtime.get(id))?.snapshots.list())?.map((one) => one.id));
    return names(join(site.home, 'boxes', id, 'snapshots')).filter((one) => !known.has(one));
  });
  return [
    ...names(join(site.home, 'stages')),
    ...names(join(site.home, 'boxes')).filter((id) => !ids.has(id)),
    ...mounts.filter((line) => line.includes(site.home) && !running.some((folder) => line.includes(folder))),
    ...(await Promise.all(snapshots)).flat(),
  ];
}

describe.each(disks)('$name', { timeout: 60_000 }, ({ options }) => {
  const filled = async (site: Site): Promise<Box> => {
    const box = await site.runtime.create({ image: baseImage, autoRemove: false, ...options });
    await sh(box, 'dd if=/dev/urandom of=/noise bs=1000000 count=10 2>/dev/null; echo old > /a; echo old > /b; sync');
    return box;
  };
  const stages = (site: Site): string[] =>
    names(join(site.home, 'stages')).flatMap((stage) =>
      names(join(site.home, 'stages', stage)).map((name) => `${stage}/${name}`),
    );

  test('a server killed at any step of a snapshot leaves it whole or not at all, and the box goes on', async () => {
    await using site = await openSite();
    const { id } = await filled(site);
    const folder = join(site.home, 'boxes', id);
    const steps = [
      () => names(join(site.home, 'stages')).length > 0,
      () => stages(site).length > 0,
      () => names(join(folder, 'snapshots')).length > 0,
    ];
    for (const [i, step] of steps.entries()) {
      // A step may be over between two looks; the last one is there at the end as well.
      let inTime = false;
      for (let attempt = 0; !inTime && attempt < 10; attempt++) {
        const box = await site.runtime.get(id);
        const work = box?.snapshots.create(`at-${i}`) ?? Promise.reject(new Error('no box'));
        inTime = (await killAt(site, step, work)) || i === steps.length - 1;
        expect(await strays(site)).toEqual([]);
        const again = await site.runtime.get(id);
        expect(again && (await sh(again, 'cat /a'))).toBe('old\n');
        for (const { name } of (await again?.snapshots.list()) ?? []) await again?.snapshots.remove(name);
      }
      expect(inTime).toBe(true);
    }
    const box = await site.runtime.get(id);
    await box?.snapshots.create('last');
    await box?.stop({ timeoutMs: 0 });
    await box?.snapshots.restore('last');
    expect(box && (await sh(box, 'cat /a /b'))).toBe('old\nold\n');
  });

  test('a server killed at any step of a restore leaves the old disk or the new one', async () => {
    await using site = await openSite();
    const { id } = await filled(site);
    const first = await site.runtime.get(id);
    await first?.snapshots.create('old');
    await first?.run('sh', ['-c', 'echo new > /a; echo new > /b; sync']);
    await first?.stop({ timeoutMs: 0 });
    const noise = (): boolean =>
      stages(site).some((path) => existsSync(join(site.home, 'stages', path, 'disk/upper/b')));
    const steps = [
      () => names(join(site.home, 'stages')).length > 0,
      () => stages(site).length > 0,
      noise,
      () => stages(site).some((path) => existsSync(join(site.home, 'stages', path, 'disk.img'))),
      () => false,
    ];
    for (const step of steps) {
      const box = await site.runtime.get(id);
      await killAt(site, step, box?.snapshots.restore('old') ?? Promise.reject(new Error('no box')));
      expect(await strays(site)).toEqual([]);
      const again = await site.runtime.get(id);
      expect(again && ['old\nold\n', 'new\nnew\n']).toContain(again && (await sh(again, 'cat /a /b')));
      await again?.run('sh', ['-c', 'echo new > /a; echo new > /b; sync']);
      await again?.stop({ timeoutMs: 0 });
    }
  });

  test('a server killed at any step of a clone or an import leaves a whole box or none', async () => {
    await using site = await openSite();
    const { id } = await filled(site);
    const box = await site.runtime.get(id);
    await box?.stop({ timeoutMs: 0 });
    const archive = new Blob([await new Response(await box?.export()).arrayBuffer()]);
    const before = new Set(names(join(site.home, 'boxes')));
    const steps = [
      () => names(join(site.home, 'stages')).length > 0,
      () => stages(site).length > 0,
      () => names(join(site.home, 'boxes')).some((one) => !before.has(one)),
    ];
    for (const step of [...steps, ...steps].entries()) {
      const source = await site.runtime.get(id);
      const work = step[0] < steps.length ? source?.clone() : site.runtime.importBox(archive.stream());
      await killAt(site, step[1], work ?? Promise.reject(new Error('no box')));
      expect(await strays(site)).toEqual([]);
      for (const made of await site.runtime.listInfo()) {
        const again = await site.runtime.get(made.id);
        expect(again && (await sh(again, 'cat /a /b'))).toBe('old\nold\n');
        await again?.stop({ timeoutMs: 0 });
        if (made.id !== id) await site.runtime.remove(made.id);
      }
    }
  });
});
