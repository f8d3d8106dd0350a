import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlreadyExistsError, type Box, InvalidArgumentError, NotFoundError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseImage, onBothBackends, startedBox } from './harness.ts';

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

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

  test('single files are read and written without tar', async () => {
    await box.files.write('/root/direct.bin', Uint8Array.of(0, 255, 10, 13));
    expect([...(await box.files.read('/root/direct.bin'))]).toEqual([0, 255, 10, 13]);
    await expect(box.files.read('/root/absent.bin')).rejects.toThrow(NotFoundError);
  });

  test('sixty-four megabytes go in and out unchanged', async () => {
    const big = join(dir, 'big.bin');
    const writer = createWriteStream(big);
    const block = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 64; i++) {
      block.fill(i);
      block.writeUInt32LE(i * 7919, 100);
      if (!writer.write(Buffer.from(block))) await once(writer, 'drain');
    }
    await new Promise<void>((resolve) => writer.end(resolve));
    await box.copyIn(big, '/root/big.bin');
    expect((await box.run('sha256sum', ['/root/big.bin'])).stdout.split(' ')[0]).toBe(await sha256(big));
    await box.copyOut('/root/big.bin', join(dir, 'big.out'));
    expect(await sha256(join(dir, 'big.out'))).toBe(await sha256(big));
  });

  test('a thousand small files go in and out', async () => {
    await mkdir(join(dir, 'many'));
    for (let i = 0; i < 1000; i++) await writeFile(join(dir, 'many', `file-${i}`), `content ${i}`);
    await box.copyIn(join(dir, 'many'), '/root/many');
    expect((await box.run('sh', ['-c', 'ls /root/many | wc -l'])).stdout.trim()).toBe('1000');
    await box.copyOut('/root/many', join(dir, 'many-out'));
    expect(await readFile(join(dir, 'many-out/many/file-999'), 'utf8')).toBe('content 999');
  });

  test('a link on the way in is not followed out of the tree unless asked', async () => {
    await mkdir(join(dir, 'linked'));
    await symlink('/etc/hostname', join(dir, 'linked/host-name'));
    await box.copyIn(join(dir, 'linked'), '/root/linked');
    expect((await box.run('readlink', ['/root/linked/host-name'])).stdout).toBe('/etc/hostname\n');
  });
});
