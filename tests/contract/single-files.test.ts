import { createHash, randomBytes } from 'node:crypto';
import {
  AlreadyExistsError,
  type Box,
  type FileInfo,
  InvalidArgumentError,
  InvalidStateError,
  NotFoundError,
  PayloadTooLargeError,
} from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseImage, eventually, onBothBackends, startedBox } from './harness.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

onBothBackends((runtime) => {
  let box: Box;
  const sh = async (script: string): Promise<string> => (await box.run('sh', ['-c', script])).stdout;
  const listed = async (path: string): Promise<FileInfo[]> =>
    (await Array.fromAsync(box.files.list(path))).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  beforeAll(async () => {
    box = await startedBox(runtime());
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
  });

  test('a file is written and read as bytes, as text and as a stream, whole and in part', async () => {
    await box.files.write('/srv/new/deep/direct.bin', Uint8Array.of(0, 255, 10, 13));
    expect([...(await box.files.read('/srv/new/deep/direct.bin'))]).toEqual([0, 255, 10, 13]);
    await box.files.write('relative.txt', '\uFEFFhällo');
    expect(await box.files.readText('/relative.txt')).toBe('\uFEFFhällo');
    expect(await sh('stat -c %a:%u:%s /relative.txt')).toBe('644:0:9\n');
    await box.files.write('/srv/digits', '0123456789');
    const part = async (offset: number, length?: number): Promise<string> =>
      box.files.readText('/srv/digits', { offset, length });
    expect([
      await part(7),
      await part(2, 3),
      await part(8, 99),
      await part(10),
      await part(99),
      await part(3, 0),
    ]).toEqual(['789', '234', '89', '', '', '']);
    await box.files.write('/srv/empty', '');
    expect(await box.files.readText('/srv/empty')).toBe('');
    expect(await new Response(await box.files.readStream('/srv/digits')).text()).toBe('0123456789');
  });

  test('a file that becomes shorter while it is read is an error that says so, not a short answer', async () => {
    for (const part of [{}, { offset: 1000, length: 200 * 2 ** 20 }]) {
      await sh('dd if=/dev/zero of=/srv/shrinks bs=1 count=0 seek=256M 2>/dev/null');
      const reader = (await box.files.readStream('/srv/shrinks', part)).getReader();
      expect((await reader.read()).done).toBe(false);
      await sh('echo short > /srv/shrinks');
      const rest = async (): Promise<void> => {
        while (!(await reader.read()).done);
      };
      await expect(rest()).rejects.toMatchObject({
        code: 'invalid_state',
        message: '/srv/shrinks became shorter while it was read; read it again',
      });
    }
    expect(await box.files.readText('/srv/shrinks')).toBe('short\n');
  });

  test('no more than 512 MiB are read into memory, whatever the box says that a file has', async () => {
    await sh('dd if=/dev/zero of=/srv/vast bs=1 count=0 seek=40G 2>/dev/null');
    for (const read of [box.files.read, box.files.readText]) {
      await expect(read('/srv/vast')).rejects.toThrow(PayloadTooLargeError);
      await expect(read('/srv/vast', { offset: 10, length: 2 ** 29 + 1 })).rejects.toThrow(PayloadTooLargeError);
    }
    expect(await box.files.read('/srv/vast', { offset: 2 ** 30, length: 3 })).toEqual(new Uint8Array(3));
    expect(await box.files.read('/srv/vast', { offset: 40 * 2 ** 30 - 3 })).toEqual(new Uint8Array(3));
    await sh('rm /srv/vast');
  });

  test('a stream of 8 MiB goes in and out with the same hash', async () => {
    const bytes = randomBytes(8 * 1024 * 1024 + 1);
    await box.files.write('/srv/streamed', new Blob([bytes]).stream(), { mode: 0o600 });
    expect(await sh("sha256sum /srv/streamed | cut -d' ' -f1; stat -c %a /srv/streamed")).toBe(
      `${sha256(bytes)}\n600\n`,
    );
    expect(sha256(await box.files.read('/srv/streamed'))).toBe(sha256(bytes));
  });

  test('a file that is replaced keeps its mode and owner, is never half there, and a link to it stays', async () => {
    // An ordinary user may have no other owner to give.
    await sh(
      'mkdir -p /srv/kept && echo old > /srv/kept/file && chmod 750 /srv/kept/file && chown 1234 /srv/kept/file',
    );
    await sh('ln -s kept/file /srv/link && ln -s /srv/link /srv/link-to-link');
    const before = await sh('stat -c %a:%u /srv/kept/file');
    expect(before).toMatch(/^750:/);
    await box.files.write('/srv/link-to-link', 'new');
    expect(await sh('stat -c %a:%u /srv/kept/file; cat /srv/kept/file; readlink /srv/link')).toBe(
      `${before}newkept/file\n`,
    );
    const fails = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(100_000));
      },
      pull(controller) {
        controller.error(new Error('the source broke'));
      },
    });
    await expect(box.files.write('/srv/kept/file', fails)).rejects.toThrow();
    expect(await box.files.readText('/srv/kept/file')).toBe('new');
    await eventually('nothing is left beside it', async () => (await sh('ls -A /srv/kept')) === 'file\n');
  });

  test('what is in the way of a write is refused, and stays', async () => {
    await sh(
      'mkdir -p /srv/way/dir && mkfifo /srv/way/pipe && echo mine > /srv/way/file && ln -s nowhere /srv/way/dangling',
    );
    await expect(box.files.write('/srv/way/dir', 'x')).rejects.toThrow(InvalidArgumentError);
    await expect(box.files.write('/srv/way/pipe', 'x')).rejects.toThrow(/is a pipe/);
    await expect(box.files.write('/dev/null', 'x')).rejects.toThrow(InvalidArgumentError);
    await expect(box.files.write('/srv/way/file/below', 'x')).rejects.toThrow(InvalidArgumentError);
    await expect(box.files.write('/srv/way/file', 'x', { overwrite: false })).rejects.toThrow(AlreadyExistsError);
    await expect(box.files.write('/proc/sys/kernel/hostname', 'x')).rejects.toThrow(InvalidStateError);
    expect(await sh('cat /srv/way/file')).toBe('mine\n');
    await box.files.write('/srv/way/fresh', 'x', { overwrite: false });
    await box.files.write('/srv/way/dangling', 'through');
    expect(await sh('ls -A /srv/way; cat /srv/way/nowhere')).toBe('dangling\ndir\nfile\nfresh\nnowhere\npipe\nthrough');
    for (const path of ['/', '/srv/', '.', '/srv/.', '/srv/../x'])
      await expect(box.files.write(path, 'x')).rejects.toThrow(InvalidArgumentError);
  });

  test('what is mounted in the box, such as /etc/hosts, is not replaced', async () => {
    await expect(box.files.write('/etc/hosts', '127.0.0.1 made-here')).rejects.toThrow(InvalidStateError);
    expect(await sh('grep -c made-here /etc/hosts; ls -A /etc | grep -c boxlite-')).toBe('0\n0\n');
  });

  test('what is no file is not read: directories, pipes, devices and files of the kernel', async () => {
    await sh('mkfifo /srv/unread; ln -s /proc/self/mem /srv/memory; ln -s /srv/loop /srv/loop');
    for (const path of [
      '/srv',
      '/srv/unread',
      '/dev/zero',
      '/dev/tty',
      '/proc/version',
      '/proc/self/environ',
      '/srv/memory',
    ])
      await expect(box.files.read(path), path).rejects.toThrow(InvalidArgumentError);
    await expect(box.files.read('/srv/loop')).rejects.toThrow(InvalidArgumentError);
    for (const missing of ['/srv/absent', '/srv/absent/below', '/relative.txt/below'])
      await expect(box.files.read(missing), missing).rejects.toMatchObject({
        name: 'NotFoundError',
        message: expect.stringContaining(missing.split('/below')[0] ?? ''),
      });
  });

  test('a directory lists what is in it, with links as links', async () => {
    await sh(`mkdir -p /srv/l/sub && printf 12345 > /srv/l/file && chmod 4711 /srv/l/file && ln -s ../gone /srv/l/link &&
      mkfifo /srv/l/pipe && touch -d '2001-09-09 01:46:40' /srv/l/file`);
    const all = await listed('/srv/l');
    expect(all.map(({ name, type, target }) => [name, type, target])).toEqual([
      ['file', 'file', undefined],
      ['link', 'symlink', '../gone'],
      ['pipe', 'pipe', undefined],
      ['sub', 'directory', undefined],
    ]);
    expect(all[0]).toMatchObject({ size: 5, mode: 0o4711, uid: 0, gid: 0, nameBytes: undefined });
    expect(Math.floor(Number(all[0]?.modifiedAt) / 1000)).toBe(1_000_000_000);
    expect(await listed('/srv/l/sub')).toEqual([]);
    await expect(listed('/srv/l/file')).rejects.toThrow(/is a file, not a directory/);
    await expect(listed('/srv/l/none')).rejects.toThrow(NotFoundError);
  });

  test('names of any bytes are listed, those that are no UTF-8 with their bytes', async () => {
    await sh(`mkdir /srv/names && cd /srv/names && touch -- 'new
line' '"quoted"' "$(printf 'bad\\377')" ünï '-n'`);
    const names = await listed('/srv/names');
    expect(names.map(({ name }) => name)).toEqual(['"quoted"', '-n', 'bad\uFFFD', 'new\nline', 'ünï']);
    expect(names.map(({ nameBytes }) => nameBytes && [...nameBytes])).toEqual([
      undefined,
      undefined,
      [0x62, 0x61, 0x64, 0xff],
      undefined,
      undefined,
    ]);
  });

  test('stat tells of a link itself, or of what it leads to when asked', async () => {
    await sh('printf 123 > /srv/told && ln -s told /srv/teller');
    expect(await box.files.stat('/srv/teller')).toMatchObject({ name: 'teller', type: 'symlink', target: 'told' });
    expect(await box.files.stat('/srv/teller', { followSymlinks: true })).toMatchObject({
      ...{ name: 'teller', type: 'file', size: 3, target: undefined },
    });
    expect(await box.files.stat('/')).toMatchObject({ name: '/', type: 'directory' });
    expect(await box.files.stat('/dev/null')).toMatchObject({ type: 'character_device' });
    await expect(box.files.stat('/srv/untold')).rejects.toThrow(/\/srv\/untold/);
  });

  test('a path with a slash at its end is a directory or refused, as POSIX has it', async () => {
    await sh('mkdir -p /srv/s/d && echo kept > /srv/s/f && ln -s d /srv/s/to-d && ln -s f /srv/s/to-f');
    for (const path of ['/srv/s/f/', '/srv/s/to-f//']) {
      await expect(box.files.read(path)).rejects.toThrow(InvalidArgumentError);
      await expect(box.files.write(path, 'lost')).rejects.toThrow(InvalidArgumentError);
      await expect(listed(path)).rejects.toThrow(InvalidArgumentError);
      await expect(box.files.stat(path)).rejects.toThrow(InvalidArgumentError);
      await expect(box.files.remove(path)).rejects.toThrow(InvalidArgumentError);
    }
    await expect(box.files.write('/srv/s/new/', 'lost')).rejects.toThrow(/slash/);
    await expect(box.files.remove('/srv/s/to-d/', { recursive: true })).rejects.toThrow(InvalidArgumentError);
    await expect(box.files.read('/srv/s/none/')).rejects.toThrow(NotFoundError);
    await expect(box.files.read('/srv/s/d/')).rejects.toThrow(InvalidArgumentError);
    expect(await listed('/srv/s/to-d/')).toEqual([]);
    expect(await box.files.stat('/srv/s/to-d/')).toMatchObject({ name: 'to-d', type: 'directory' });
    await box.files.mkdir('/srv/s/made/');
    await box.files.remove('/srv/s/made/');
    expect(await sh('cd /srv/s; ls; cat f')).toBe('d\nf\nto-d\nto-f\nkept\n');
  });

  test('a directory is made with its mode, and with those above it when asked', async () => {
    await expect(box.files.mkdir('/srv/m/a/b')).rejects.toThrow(NotFoundError);
    await box.files.mkdir('/srv/m/a/b', { parents: true, mode: 0o1770 });
    expect(await sh('stat -c %a /srv/m /srv/m/a /srv/m/a/b')).toBe('755\n755\n1770\n');
    await box.files.mkdir('/srv/m/a/b', { parents: true });
    await expect(box.files.mkdir('/srv/m/a/b')).rejects.toThrow(AlreadyExistsError);
    await box.files.write('/srv/m/file', '');
    await expect(box.files.mkdir('/srv/m/file', { parents: true })).rejects.toThrow(AlreadyExistsError);
    await expect(box.files.mkdir('/')).rejects.toThrow(InvalidArgumentError);
  });

  test('files, links and trees are removed, and nothing that a link leads to', async () => {
    await sh(
      'mkdir -p /srv/r/tree/sub /srv/r/keep && touch /srv/r/keep/me /srv/r/tree/sub/x && ln -s ../keep /srv/r/tree/out',
    );
    await expect(box.files.remove('/srv/r/tree')).rejects.toThrow(/is not empty; remove it with recursive/);
    await box.files.remove('/srv/r/tree', { recursive: true });
    await sh('ln -s keep /srv/r/link && mkdir /srv/r/hollow');
    await box.files.remove('/srv/r/link', { recursive: true });
    await box.files.remove('/srv/r/hollow');
    expect(await sh('ls -A /srv/r /srv/r/keep')).toBe('/srv/r:\nkeep\n\n/srv/r/keep:\nme\n');
    await box.files.remove('/srv/r/keep/me');
    await expect(box.files.remove('/srv/r/keep/me')).rejects.toThrow(/\/srv\/r\/keep\/me/);
    await expect(box.files.remove('/', { recursive: true })).rejects.toThrow(InvalidArgumentError);
    await expect(box.files.remove('/proc/1', { recursive: true })).rejects.toThrow();
  });

  test('what a program swaps for a link meanwhile is not followed out of what is removed', async () => {
    await sh('mkdir -p /srv/outside /srv/swapped && touch /srv/outside/precious');
    const swapping = await box.exec('sh', [
      '-c',
      'cd /srv/swapped; while :; do mkdir d; touch d/x; mv d e; ln -s ../outside d; rm -rf e; rm d; done 2>/dev/null',
    ]);
    const ends = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const removed = box.files.remove('/srv/swapped/d', { recursive: true });
      ends.add(
        await removed.then(
          () => 'removed',
          (error: Error) => error.name,
        ),
      );
    }
    await swapping.kill();
    await swapping.wait();
    expect(ends).toContain('removed');
    expect(await sh('ls /srv/outside')).toBe('precious\n');
  });

  test('a tree deeper than any path is removed', async () => {
    const name = 'x'.repeat(200);
    await sh(`mkdir /srv/deep && cd /srv/deep && for i in $(seq 30); do mkdir ${name} && cd ${name}; done; touch end`);
    await box.files.remove('/srv/deep', { recursive: true });
    await expect(box.files.stat('/srv/deep')).rejects.toThrow(NotFoundError);
  });

  test('a directory of three thousand entries is listed as it is read, and may be left', async () => {
    await sh(
      "mkdir /srv/wide && cd /srv/wide && seq 3000 | sed 's/^/an-entry-with-a-name-of-quite-some-length-so-that-all-do-not-fit-into-one-piece-/' | xargs touch",
    );
    const processes = async (): Promise<number> => Number(await sh('set -- /proc/[0-9]*; echo $#'));
    const before = await processes();
    const names = new Set<string>();
    for await (const { name } of box.files.list('/srv/wide')) names.add(name);
    expect(names.size).toBe(3000);
    for await (const _ of box.files.list('/srv/wide')) break;
    // What a test before this one had left to reap may have been among them.
    await eventually('nothing goes on listing', async () => (await processes()) <= before);
  });

  test('a box that was never started is started, and a call is aborted by its signal', async () => {
    const fresh = await runtime().create({ image: baseImage, autoRemove: false });
    await fresh.files.write('/srv/first', 'x');
    expect(await fresh.info()).toMatchObject({ status: 'running' });
    await fresh.stop();
    expect(await fresh.files.readText('/srv/first')).toBe('x');
    await runtime().remove(fresh.id, { force: true });
    const signal = AbortSignal.abort(new Error('left'));
    const { files } = box;
    const calls: Promise<unknown>[] = [
      files.read('/srv', { signal }),
      files.readText('/srv', { signal }),
      files.readStream('/srv', { signal }),
      files.write('/srv/aborted', 'x', { signal }),
      Array.fromAsync(files.list('/srv', { signal })),
      files.stat('/srv', { signal }),
      files.remove('/srv', { recursive: true, signal }),
      files.mkdir('/srv/aborted', { signal }),
    ];
    for (const call of calls) await expect(call).rejects.toThrow('left');
    expect(await sh('ls -d /srv/aborted 2>&1 || true')).toContain('No such file');
  });

  test('a write that is aborted while it waits for its source leaves nothing', async () => {
    await sh('mkdir /srv/cut');
    const controller = new AbortController();
    const source = new ReadableStream<Uint8Array>({ start: (into) => into.enqueue(new Uint8Array(65_536)) });
    const writing = box.files.write('/srv/cut/file', source, { signal: controller.signal });
    writing.catch(() => {});
    await eventually('it has begun', async () => (await sh('ls -A /srv/cut')) !== '');
    controller.abort(new Error('left'));
    await expect(writing).rejects.toThrow('left');
    await eventually('it is gone', async () => (await sh('ls -A /srv/cut')) === '');
  });
});
