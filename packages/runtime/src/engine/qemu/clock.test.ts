import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { clockOptions } from './clock.ts';

test('only a translated machine on a host that is virtual itself is told the frequency', async () => {
  const folder = await mkdtemp(`${tmpdir()}/boxlite-clock-`);
  try {
    const virtual = `${folder}/virtual`;
    const metal = `${folder}/metal`;
    await writeFile(virtual, 'flags\t\t: fpu vme hypervisor lahf_lm\ncpu MHz\t\t: 2596.144\n');
    await writeFile(metal, 'flags\t\t: fpu vme lahf_lm\ncpu MHz\t\t: 800.000\n');
    expect(await clockOptions('tcg', virtual)).toEqual(['tsc_early_khz=2596144']);
    expect(await clockOptions('kvm', virtual)).toEqual([]);
    expect(await clockOptions('tcg', metal)).toEqual([]);
    expect(await clockOptions('tcg', `${folder}/none`)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
