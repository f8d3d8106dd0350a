import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { probeEngines } from './probe.ts';

test('finds the runc of this machine usable', async () => {
  const [runc] = await probeEngines();
  expect(runc).toMatchObject({ name: 'runc', usable: true, problems: [] });
  expect(runc?.version).toMatch(/^\d+\.\d+/);
});

test('finds the runsc of this machine usable, and says what it cannot do', async () => {
  const runsc = (await probeEngines()).find(({ name }) => name === 'runsc');
  expect(runsc).toMatchObject({ usable: true, problems: [] });
  expect(runsc?.notes[0]?.reason).toContain('out of memory');
});

test('says which command installs a runc that is missing', async () => {
  const [runc] = await probeEngines({ runc: '/nonexistent/runc' });
  expect(runc).toMatchObject({ usable: false, path: undefined });
  expect(runc?.problems[0]).toEqual({
    reason: '/nonexistent/runc is not installed',
    fix: 'sudo apt-get install -y runc',
  });
});

test('finds crun usable but on a host whose cgroup controllers are of both versions', async () => {
  const [, crun] = await probeEngines();
  expect(crun).toMatchObject({ name: 'crun', path: expect.stringMatching(/crun$/) });
  const controllers = await readFile('/sys/fs/cgroup/unified/cgroup.controllers', 'utf8').catch(() => '');
  if (controllers.trim() === '') expect(crun).toMatchObject({ usable: true, problems: [] });
  else
    expect(crun?.problems).toEqual([
      { reason: expect.stringMatching(/both versions/), fix: expect.stringMatching(/runc/) },
    ]);
});
