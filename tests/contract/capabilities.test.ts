import { InvalidArgumentError, UnsupportedError } from 'boxlite';
import { expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

const masks = ['sh', ['-c', 'grep -E "^Cap(Prm|Eff|Bnd)" /proc/self/status | cut -f 2']] as const;

onBothBackends((runtime) => {
  test('a box has the capabilities of its preset, without those that were dropped, with those that were added', async () => {
    expect((await runtime().config()).capabilities.linuxCapabilitiesEnabled).toBe(true);
    const box = await startedBox(runtime(), { capabilities: { drop: ['CHOWN', 'CAP_SETUID'], add: ['net_raw'] } });
    const mask = '000000008000257a\n';
    expect((await box.run(...masks)).stdout).toBe(mask.repeat(3));
    expect((await box.run('chown', ['1', '/tmp'])).stderr).toContain('Operation not permitted');
    // The guest itself can still do what the box cannot.
    expect((await box.exec('id', ['-u'], { user: '1000' })).id).toBeTruthy();
    await runtime().remove(box.id, { force: true });
  });

  test('a box can do without any capability', async () => {
    const box = await startedBox(runtime(), { capabilities: { drop: ['ALL'] } });
    const none = '0000000000000000\n';
    expect((await box.run(...masks)).stdout).toBe(none.repeat(3));
    await runtime().remove(box.id, { force: true });
  });

  test('a capability that does not exist or that no box gets makes no box, and the error says why', async () => {
    const make = (add: readonly string[]) => runtime().create({ image: baseImage, capabilities: { add } });
    await expect(make(['NET_ROW'])).rejects.toThrow(InvalidArgumentError);
    await expect(make(['SYS_ADMIN'])).rejects.toThrow(UnsupportedError);
    await expect(make(['SYS_ADMIN'])).rejects.toThrow('it administers the whole machine');
  });
});
