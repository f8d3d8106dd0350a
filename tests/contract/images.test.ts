import { execFileSync } from 'node:child_process';
import { openAsBlob } from 'node:fs';
import { chmod, lchown, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageError, InvalidArgumentError, InvalidStateError, NotFoundError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootless } from '../../packages/runtime/src/testing/home-folder.ts';
import { imageWithConfig } from '../image-with-config.ts';
import { baseImage, onBothBackends } from './harness.ts';

onBothBackends((runtime) => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'boxlite-images-'));
    await imageWithConfig(join(dir, 'layout'), { Env: ['MADE=here'], Labels: { made: 'here' } });
    execFileSync('tar', ['-czf', join(dir, 'layout.tar.gz'), '-C', join(dir, 'layout'), '.']);
    await mkdir(join(dir, 'root/etc'), { recursive: true });
    await writeFile(join(dir, 'root/etc/made'), 'by hand');
    await chmod(join(dir, 'root/etc/made'), 0o640);
    await symlink('/nowhere/on/this/host', join(dir, 'root/etc/link'));
    await link(join(dir, 'root/etc/made'), join(dir, 'root/etc/same'));
    if (!rootless) await lchown(join(dir, 'root/etc/made'), 1234, 4321);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test('an image is imported from an OCI layout, its tar and a stream of it, and boxes are made of it', async () => {
    const { images } = runtime();
    const made = await images.import(join(dir, 'layout'), 'team/layout:1');
    expect(made).toMatchObject({ reference: 'docker.io/team/layout:1', tag: '1' });
    expect((await images.get(made.id))?.config).toMatchObject({ env: { MADE: 'here' }, labels: { made: 'here' } });
    const box = await runtime().create({ image: 'team/layout:1' });
    expect((await box.run('sh', ['-c', 'echo $MADE'])).stdout).toBe('here\n');
    await expect(images.remove(made.id)).rejects.toThrow(InvalidStateError);
    await runtime().remove(box.id, { force: true });
    await images.remove(made.id);
    await expect(images.remove(made.id)).rejects.toThrow(NotFoundError);
    expect(await images.exists(made.id)).toBe(false);
    const archive = join(dir, 'layout.tar.gz');
    expect((await images.import(archive, 'team/layout:2')).id).toBe(made.id);
    const blob = await openAsBlob(archive);
    expect((await images.import(blob.stream(), 'team/layout:3')).id).toBe(made.id);
    await images.remove('team/layout:2');
    expect((await images.list()).map(({ reference }) => reference)).toEqual(
      expect.arrayContaining(['docker.io/team/layout:3']),
    );
    await images.remove('team/layout:3');
    expect(await images.exists(made.id)).toBe(false);
  });

  test('a root directory is imported with its modes, owners and links, none of which is followed', async () => {
    const { images } = runtime();
    const made = await images.import(join(dir, 'root'), 'team/root');
    expect((await images.list()).some(({ id }) => id === made.id)).toBe(true);
    const details = await images.get(made.id);
    expect(details?.config).toMatchObject({ cmd: ['/bin/sh'] });
    expect(details?.layers).toHaveLength(1);
    const box = await runtime().create({ image: 'team/root' });
    const owner = rootless ? {} : { uid: 1234, gid: 4321 };
    for (const name of ['made', 'same'])
      expect(await box.files.stat(`/etc/${name}`)).toMatchObject({ type: 'file', mode: 0o640, size: 7, ...owner });
    expect(await box.files.stat('/etc/link')).toMatchObject({ type: 'symlink', target: '/nowhere/on/this/host' });
    await runtime().remove(box.id, { force: true });
    await images.remove('team/root');
  });

  test('the working directory and the volumes that an image names are there, though it lacks them', async () => {
    const { images } = runtime();
    const config = { WorkingDir: '/app/src', User: 'nobody', Volumes: { '/data/deep': {}, '/etc/passwd': {} } };
    const layout = join(dir, `places-${crypto.randomUUID()}`);
    await imageWithConfig(layout, config);
    const made = await images.import(layout, 'team/places:1');
    const box = await runtime().create({ image: 'team/places:1', autoRemove: false });
    const look = ['-c', 'pwd; id -un; test -d /data/deep && echo there; test -f /etc/passwd && echo a file'];
    expect((await box.run('sh', look)).stdout).toBe('/app/src\nnobody\nthere\na file\n');
    await box.run('sh', ['-c', 'echo kept > /data/deep/file'], { user: 'root' });
    const again = await runtime().importBox(await box.export());
    expect((await again.run('cat', ['/data/deep/file'])).stdout).toBe('kept\n');
    const fresh = await runtime().create({ image: 'team/places:1', workingDir: '/work' });
    const copy = await runtime().importBox(await fresh.export());
    for (const each of [fresh, copy]) expect((await each.run('sh', look)).stdout).toMatch(/^\/work\nnobody\nthere\n/);
    await expect(fresh.run('pwd', [], { workingDir: '/absent' })).rejects.toThrow('/absent');
    for (const { id } of [box, again, fresh, copy]) await runtime().remove(id, { force: true });
    await images.remove(made.id);
  });

  test('what is no image, no name, and not there is refused', async () => {
    const { images } = runtime();
    const text = (): ReadableStream<Uint8Array> => new Blob(['this is no archive at all']).stream();
    await expect(images.import(text(), 'team/none')).rejects.toThrow(ImageError);
    const refused = images.import(text(), 'team/none').catch((error: Error) => error.message);
    expect(await refused).not.toContain(tmpdir());
    await expect(images.import(join(dir, 'absent'), 'team/none')).rejects.toThrow(ImageError);
    await expect(images.import(join(dir, 'layout'), 'No Name')).rejects.toThrow(InvalidArgumentError);
    await expect(images.import(join(dir, 'layout'), baseImage)).rejects.toThrow(InvalidArgumentError);
    await expect(images.remove('team/none')).rejects.toThrow(NotFoundError);
    await expect(images.remove(baseImage)).rejects.toThrow(InvalidStateError);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(images.import(join(dir, 'layout'), 'team/x', { signal })).rejects.toBe(reason);
    await expect(images.remove('team/x', { signal })).rejects.toBe(reason);
  });
});
