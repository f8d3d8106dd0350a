import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boxesCgroup, boxesCgroupPath } from './boxes-cgroup.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'boxlite-cgroup-'));
});
afterEach(() => rm(root, { recursive: true }));

async function cgroup(path: string, controllers: string, on: string): Promise<void> {
  await mkdir(root + path, { recursive: true });
  await writeFile(`${root}${path}/cgroup.controllers`, `${controllers}\n`);
  await writeFile(`${root}${path}/cgroup.subtree_control`, `${on}\n`);
}

const control = (path: string) => readFile(`${root}${path}/cgroup.subtree_control`, 'utf8');

test('turns on the controllers that are off, all the way down', async () => {
  await cgroup('', 'cpuset cpu io memory pids', 'memory');
  await cgroup('/a.slice', 'cpu memory pids', 'cpu memory pids');
  await cgroup('/a.slice/boxes', 'cpu memory pids', '');
  const boxes = boxesCgroup({ version: 2, root }, '/a.slice/boxes');
  expect(boxes.of('01ABC')).toBe('/a.slice/boxes/01ABC');
  await boxes.prepare();
  expect(await control('')).toBe('+cpu +pids');
  expect(await control('/a.slice')).toBe('cpu memory pids\n');
  expect(await control('/a.slice/boxes')).toBe('+cpu +memory +pids');
});

test('names the cgroup and the controllers that it does not give, and tries again for the next box', async () => {
  await cgroup('', 'cpu memory pids', 'cpu memory pids');
  await cgroup('/boxlite', 'pids', '');
  const boxes = boxesCgroup({ version: 2, root });
  await expect(boxes.prepare()).rejects.toThrow('the cgroup /boxlite has no controller cpu, memory');
  await cgroup('/boxlite', 'cpu memory pids', '');
  await boxes.prepare();
});

test('does nothing on version 1, and refuses what is no path of a cgroup', async () => {
  await boxesCgroup({ version: 1, mounts: new Map() }).prepare();
  for (const path of ['boxlite', '/', '/a/../b', '/a//b', '/a/', '/a b', '', '.', './', './../b', '../b'])
    expect(() => boxesCgroupPath(path), path).toThrow('BOXLITE_CGROUP');
});

test('a path that begins with a dot is below the cgroup of this process, or that which it began in', () => {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  const began = own.replace(/\/runtime$/, '');
  expect(boxesCgroupPath('./boxes')).toBe(`${began === '/' ? '' : began}/boxes`);
});
