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
