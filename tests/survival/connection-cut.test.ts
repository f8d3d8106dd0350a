import { Boxlite } from 'boxlite';
import { expect, test } from 'vitest';
import { cuttingProxy } from './cutting-proxy.ts';
import { baseImage, openSite } from './harness.ts';

test('connections cut before, after and within the answer: every effect is there exactly once', {
  timeout: 60_000,
}, async () => {
  await using site = await openSite();
  await using proxy = await cuttingProxy(site.server.url);
  const retries = { attempts: 6, baseMs: 5, maxMs: 50 };
  const runtime = Boxlite.rest({ ...site.server.options, url: proxy.url, retries });
  await runtime.listInfo();
  /** Does something whose request meets each cut in turn, and then passes. */
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    proxy.cuts.push('before', 'after', 'half', 'after');
    const done = await work();
    expect(proxy.cuts).toEqual([]);
    return done;
  };
  const box = await through(() => runtime.create({ image: baseImage, autoRemove: false }, 'one'));
  const { box: same, created } = await through(() => runtime.getOrCreate({ image: baseImage }, 'two'));
  expect(created).toBe(true);
  await through(() => box.start());
  const append = await through(() => box.exec('sh', ['-c', 'echo ran >> /root/log; cat > /root/input']));
  const writer = append.stdin.getWriter();
  await through(() => writer.write(Buffer.from('first ')));
  await through(() => writer.write(Buffer.from('second')));
  await through(() => writer.close());
  expect(await append.wait()).toMatchObject({ exitCode: 0 });
  expect((await box.run('cat', ['/root/log', '/root/input'])).stdout).toBe('ran\nfirst second');
  const { startedAt } = await box.info();
  await through(() => box.restart());
  const { startedAt: since } = await box.info();
  expect(since?.getTime()).toBeGreaterThan(startedAt?.getTime() ?? 0);
  await through(() => box.stop({ timeoutMs: 0 }));
  await through(() => box.snapshots.create('s'));
  const copy = await through(() => box.clone({}, 'three'));
  await through(() => runtime.volumes.create('v'));
  expect((await runtime.listInfo()).map(({ id }) => id)).toEqual([box.id, same.id, copy.id]);
  expect(await box.snapshots.list()).toHaveLength(1);
  expect((await runtime.volumes.list()).map(({ name }) => name)).toEqual(['v']);
  await through(() => box.snapshots.remove('s'));
  await through(() => runtime.volumes.remove('v'));
  await through(() => runtime.remove(same.id, { force: true }));
  expect((await runtime.listInfo()).map(({ id }) => id)).toEqual([box.id, copy.id]);
});
