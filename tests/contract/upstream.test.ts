import { expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

// The nine integration tests that upstream ships for generation 1 (surface.md section 3).
onBothBackends((runtime) => {
  test('an authorised client lists boxes', async () => {
    expect(Array.isArray(await runtime().listInfo())).toBe(true);
  });

  test('a created box has an id and is found by it', async () => {
    const box = await runtime().create({ image: baseImage });
    expect(box.id).not.toBe('');
    expect((await runtime().getInfo(box.id))?.id).toBe(box.id);
    await runtime().remove(box.id, { force: true });
  });

  test('a created box is in the list', async () => {
    const box = await runtime().create({ image: baseImage });
    expect((await runtime().listInfo()).map(({ id }) => id)).toContain(box.id);
    await runtime().remove(box.id, { force: true });
  });

  test('a box exists once made and an unknown one does not', async () => {
    const box = await runtime().create({ image: baseImage });
    expect(await runtime().exists(box.id)).toBe(true);
    expect(await runtime().exists('no-such-box')).toBe(false);
    await runtime().remove(box.id, { force: true });
  });

  test('a box with autoRemove false is running after start and stopped after stop', async () => {
    const box = await runtime().create({ image: baseImage, autoRemove: false });
    await box.start();
    expect((await box.info()).status).toBe('running');
    await box.stop();
    expect((await box.info()).status).toBe('stopped');
    await runtime().remove(box.id);
  });

  test('echo hello exits with 0 and prints hello', async () => {
    const box = await startedBox(runtime());
    const result = await box.run('echo', ['hello']);
    expect(result).toMatchObject({ exitCode: 0, stdout: 'hello\n', stderr: '' });
    await runtime().remove(box.id, { force: true });
  });

  test('a box removed by force is gone', async () => {
    const box = await startedBox(runtime());
    await runtime().remove(box.id, { force: true });
    expect(await runtime().getInfo(box.id)).toBeNull();
  });

  test('the metrics of a runtime are numbers', async () => {
    const metrics = await runtime().metrics();
    for (const value of Object.values(metrics)) expect(value).toBeTypeOf('number');
  });

  test('an unknown box is null and not an error', async () => {
    expect(await runtime().get('no-such-box')).toBeNull();
    expect(await runtime().getInfo('no-such-box')).toBeNull();
  });
});
