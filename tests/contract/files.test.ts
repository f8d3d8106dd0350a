import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlreadyExistsError, type Box, type CopyProgress, InvalidArgumentError, NotFoundError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

onBothBackends((runtime) => {
  let box: Box;
  let dir: string;
  beforeAll(async () => {
    box = await startedBox(runtime());
    dir = await mkdtemp(join(tmpdir(), 'boxlite-files-'));
    await mkdir(join(dir, 'app/sub'), { recursive: true });
    await writeFile(join(dir, 'app/a.txt'), 'alpha\n');
    await writeFile(join(dir, 'app/sub/b.sh'), '#!/bin/sh\necho beta\n');
    await chmod(join(dir, 'app/sub/b.sh'), 0o755);
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
    await rm(dir, { recursive: true, force: true });
  });

  test('the contents of a directory land at the path given', async () => {
    await box.copyIn(join(dir, 'app'), '/opt/app');
    expect((await box.run('cat', ['/opt/app/a.txt'])).stdout).toBe('alpha\n');
    expect((await box.run('/opt/app/sub/b.sh')).stdout).toBe('beta\n');
  });

  test('a file lands in a directory that exists', async () => {
    await box.copyIn(join(dir, 'app/a.txt'), '/etc');
    expect((await box.run('cat', ['/etc/a.txt'])).stdout).toBe('alpha\n');
  });

  test('a file lands at a path that does not exist, with its parents made', async () => {
    await box.copyIn(join(dir, 'app/a.txt'), '/srv/deep/new.txt');
    expect((await box.run('cat', ['/srv/deep/new.txt'])).stdout).toBe('alpha\n');
  });

  test('files go in before the box was ever started', async () => {
    const fresh = await runtime().create({ image: baseImage, autoRemove: false });
    await fresh.copyIn(join(dir, 'app'), '/opt/app');
    expect((await fresh.run('cat', ['/opt/app/a.txt'])).stdout).toBe('alpha\n');
    await runtime().remove(fresh.id, { force: true });
  });

  test('a file comes out at the host path, or into a directory that exists', async () => {
    await box.run('sh', ['-c', 'echo out > /root/out.txt']);
    await box.copyOut('/root/out.txt', join(dir, 'named.txt'));
    expect(await readFile(join(dir, 'named.txt'), 'utf8')).toBe('out\n');
    await mkdir(join(dir, 'into'));
    await box.copyOut('/root/out.txt', join(dir, 'into'));
    expect(await readFile(join(dir, 'into/out.txt'), 'utf8')).toBe('out\n');
  });

  test('a directory comes out below its own name, with modes and links', async () => {
    await box.run('sh', [
      '-c',
      'mkdir -p /root/tree/sub && echo x > /root/tree/sub/x && chmod 640 /root/tree/sub/x && ln -s sub/x /root/tree/link',
    ]);
    await box.copyOut('/root/tree', join(dir, 'tree-out'));
    expect((await readdir(join(dir, 'tree-out/tree'))).sort()).toEqual(['link', 'sub']);
    expect((await stat(join(dir, 'tree-out/tree/sub/x'))).mode & 0o777).toBe(0o640);
    expect(await readlink(join(dir, 'tree-out/tree/link'))).toBe('sub/x');
  });

  test('a missing path is a NotFoundError that names it', async () => {
    const missing = box.copyOut('/no/such/file', join(dir, 'nothing'));
    await expect(missing).rejects.toThrow(NotFoundError);
    await expect(missing).rejects.toThrow(/\/no\/such\/file/);
  });

  test('a path with .. in it is an InvalidArgumentError', async () => {
    await expect(box.copyIn(join(dir, 'app/a.txt'), '/opt/../etc/x')).rejects.toThrow(InvalidArgumentError);
    await expect(box.copyOut('/root/../etc/passwd', join(dir, 'x'))).rejects.toThrow(InvalidArgumentError);
  });

  test('without overwrite a file that exists is an AlreadyExistsError and stays', async () => {
    await box.run('sh', ['-c', 'echo mine > /root/mine.txt']);
    await writeFile(join(dir, 'mine.txt'), 'theirs\n');
    const copy = box.copyIn(join(dir, 'mine.txt'), '/root/mine.txt', { overwrite: false });
    await expect(copy).rejects.toThrow(AlreadyExistsError);
    expect((await box.run('cat', ['/root/mine.txt'])).stdout).toBe('mine\n');
  });

  test('modes, times, empty directories and links are the same on both sides', async () => {
    await mkdir(join(dir, 'kept/hollow'), { recursive: true });
    await writeFile(join(dir, 'kept/file'), 'x');
    await symlink('file', join(dir, 'kept/link'));
    await chmod(join(dir, 'kept/file'), 0o751);
    await chmod(join(dir, 'kept/hollow'), 0o700);
    await utimes(join(dir, 'kept/file'), 1_000_000_000, 1_000_000_000);
    await box.copyIn(join(dir, 'kept'), '/root/kept');
    const inside = await box.files.stat('/root/kept/file');
    expect([inside.mode, inside.modifiedAt.getTime()]).toEqual([0o751, 1_000_000_000_000]);
    expect(await box.files.stat('/root/kept/hollow')).toMatchObject({ type: 'directory', mode: 0o700 });
    expect(await box.files.stat('/root/kept/link')).toMatchObject({ type: 'symlink', target: 'file' });
    await box.copyOut('/root/kept', join(dir, 'kept-out'), { includeParent: false });
    const outside = await stat(join(dir, 'kept-out/file'));
    expect([outside.mode & 0o7777, outside.mtimeMs]).toEqual([0o751, 1_000_000_000_000]);
    expect((await stat(join(dir, 'kept-out/hollow'))).mode & 0o777).toBe(0o700);
    expect(await readlink(join(dir, 'kept-out/link'))).toBe('file');
  });

  test('includeParent keeps the name of a directory, and recursive: false refuses one, both ways', async () => {
    await box.copyIn(join(dir, 'app'), '/root/parents', { includeParent: true });
    expect((await box.run('cat', ['/root/parents/app/a.txt'])).stdout).toBe('alpha\n');
    await box.copyOut('/root/parents/app', join(dir, 'with'));
    await box.copyOut('/root/parents/app', join(dir, 'without'), { includeParent: false });
    expect(await readdir(join(dir, 'with'))).toEqual(['app']);
    expect((await readdir(join(dir, 'without'))).sort()).toEqual(['a.txt', 'sub']);
    const recursive = false;
    await expect(box.copyIn(join(dir, 'app'), '/root/no', { recursive })).rejects.toThrow(InvalidArgumentError);
    await expect(box.copyOut('/root/parents', join(dir, 'no'), { recursive })).rejects.toThrow(InvalidArgumentError);
  });

  test('links are followed only when asked, and overwrite: false keeps what is there, both ways', async () => {
    await mkdir(join(dir, 'links'));
    await writeFile(join(dir, 'links/file'), 'content');
    await symlink('file', join(dir, 'links/link'));
    await box.copyIn(join(dir, 'links'), '/root/followed', { followSymlinks: true });
    expect(await box.files.stat('/root/followed/link')).toMatchObject({ type: 'file', size: 7 });
    await box.copyIn(join(dir, 'links'), '/root/links');
    await box.copyOut('/root/links', join(dir, 'links-out'), { followSymlinks: true, includeParent: false });
    expect((await lstat(join(dir, 'links-out/link'))).isFile()).toBe(true);
    const again = box.copyOut('/root/links/file', join(dir, 'links-out/file'), { overwrite: false });
    await expect(again).rejects.toThrow(AlreadyExistsError);
  });

  test('progress is told for each piece of each file, both ways', async () => {
    const told: CopyProgress[] = [];
    const onProgress = (progress: CopyProgress): void => void told.push(progress);
    await box.copyIn(join(dir, 'app'), '/root/progress', { onProgress });
    await box.copyOut('/root/progress', join(dir, 'progress'), { onProgress });
    expect(told.map(({ path }) => path).toSorted()).toEqual([
      ...['a.txt', 'progress/a.txt', 'progress/sub/b.sh', 'sub/b.sh'],
    ]);
    expect(told.map(({ completedBytes }) => completedBytes).filter((bytes) => bytes === 26)).toHaveLength(2);
  });

  test('a link on the way in is not followed out of the tree unless asked', async () => {
    await mkdir(join(dir, 'linked'));
    await symlink('/etc/hostname', join(dir, 'linked/host-name'));
    await box.copyIn(join(dir, 'linked'), '/root/linked');
    expect((await box.run('readlink', ['/root/linked/host-name'])).stdout).toBe('/etc/hostname\n');
  });
});
