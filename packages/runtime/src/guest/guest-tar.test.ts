import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { GuestChannel } from './channel.ts';
import { connectGuest } from './connect-guest.ts';
import { type GuestResult, runGuestCommand } from './guest-command.ts';
import { type GuestProcess, startGuestProcess } from './guest-process.ts';

let guest: GuestProcess;
let channel: GuestChannel;
let folder: string;
let count = 0;

beforeAll(async () => {
  guest = startGuestProcess();
  channel = await connectGuest(guest.socketPath);
});
afterAll(async () => {
  channel.close();
  await guest[Symbol.asyncDispose]();
});
beforeEach(() => {
  count += 1;
  folder = join(guest.folder, `t${count}`);
  fs.mkdirSync(folder);
});

const tarIn = (path: string, archive: Uint8Array, overwrite = true): Promise<GuestResult> =>
  runGuestCommand(channel, ['tar-in', path, overwrite ? '1' : '0'], { builtin: true, input: archive });
const tarOut = (path: string, follow = false): Promise<GuestResult> =>
  runGuestCommand(channel, ['tar-out', path, follow ? '1' : '0'], { builtin: true });
const gnuTar = (...args: string[]): Buffer => execFileSync('tar', args, { cwd: folder, maxBuffer: 1 << 30 });
const put = (name: string, content: string | Uint8Array): void => {
  fs.mkdirSync(join(folder, name, '..'), { recursive: true });
  fs.writeFileSync(join(folder, name), content);
};
const read = (name: string): string => fs.readFileSync(join(folder, name), 'utf8');
const listing = (name: string): string =>
  execFileSync('find', ['.', '-printf', '%p %y %m %U:%G %s %T@ %l\n'], { cwd: join(folder, name), encoding: 'utf8' })
    .split('\n')
    .map((line) => line.replace(/(d \d+ \S+) \d+/, '$1').replace(/(\d{9})\.\d+/, '$1'))
    .sort()
    .join('\n');
const failed = (result: GuestResult): string => {
  expect(result.exitCode).toBe(1);
  return result.stderr.toString();
};

function makeTree(): void {
  put('tree/a.txt', 'alpha');
  put('tree/sub/deep/b.bin', randomBytes(300_000));
  put(`tree/${'long-'.repeat(30)}/${'name-'.repeat(40)}.txt`, 'long');
  put('tree/empty', '');
  fs.mkdirSync(join(folder, 'tree/hollow'));
  fs.chmodSync(join(folder, 'tree/a.txt'), 0o4750);
  fs.chownSync(join(folder, 'tree/sub'), 1234, 4321);
  fs.chmodSync(join(folder, 'tree/hollow'), 0o555);
  fs.symlinkSync('../a.txt', join(folder, 'tree/sub/link'));
  fs.symlinkSync(`${'target-'.repeat(25)}x`, join(folder, 'tree/long-link'));
  execFileSync('mkfifo', [join(folder, 'tree/pipe')]);
  fs.utimesSync(join(folder, 'tree/a.txt'), 1_000_000_000, 1_000_000_000);
  fs.utimesSync(join(folder, 'tree/sub'), 1_100_000_000, 1_100_000_000);
}

test.each(['gnu', 'pax', 'posix'])('a tree packed by GNU tar as %s is unpacked the same', async (format) => {
  makeTree();
  const result = await tarIn(join(folder, 'out'), gnuTar('-c', `--format=${format}`, '-C', 'tree', '.'));
  expect(result.stderr.toString()).toBe('');
  expect(listing('out')).toBe(listing('tree'));
  expect(fs.readFileSync(join(folder, 'out/sub/deep/b.bin'))).toEqual(
    fs.readFileSync(join(folder, 'tree/sub/deep/b.bin')),
  );
});

test('a tree packed by the guest is unpacked the same by GNU tar, below the name of the directory', async () => {
  makeTree();
  const packed = await tarOut(join(folder, 'tree/'));
  expect(packed.stderr.toString()).toBe('');
  fs.mkdirSync(join(folder, 'out'));
  fs.writeFileSync(join(folder, 'x.tar'), packed.stdout);
  gnuTar('-xpf', 'x.tar', '-C', 'out', '--numeric-owner');
  expect(listing('out/tree')).toBe(listing('tree'));
});

test('hard links and ustar prefixes are unpacked', async () => {
  put('t/one', 'same');
  fs.linkSync(join(folder, 't/one'), join(folder, 't/two'));
  put(`t/${'p'.repeat(90)}/${'q'.repeat(60)}`, 'prefix');
  await tarIn(join(folder, 'out'), gnuTar('-c', '--format=ustar', '-C', 't', '.'));
  expect(fs.statSync(join(folder, 'out/one')).ino).toBe(fs.statSync(join(folder, 'out/two')).ino);
  expect(read(`out/${'p'.repeat(90)}/${'q'.repeat(60)}`)).toBe('prefix');
});

test('a lone file is written at a destination that is no directory, its parents made', async () => {
  put('a.txt', 'new');
  const archive = gnuTar('-c', 'a.txt');
  expect((await tarIn(join(folder, 'x/y/b.txt'), archive)).exitCode).toBe(0);
  expect(read('x/y/b.txt')).toBe('new');
  expect(fs.readdirSync(join(folder, 'x/y'))).toEqual(['b.txt']);
});

test('a lone file goes into a destination that is a directory, or is written with a slash', async () => {
  put('a.txt', 'new');
  const archive = gnuTar('-c', 'a.txt');
  fs.mkdirSync(join(folder, 'd'));
  await tarIn(join(folder, 'd'), archive);
  await tarIn(join(folder, 'e/'), archive);
  expect([read('d/a.txt'), read('e/a.txt')]).toEqual(['new', 'new']);
});

test('two files, or a directory and a file, make the destination a directory', async () => {
  put('s/a', '1');
  put('s/sub/b', '2');
  await tarIn(join(folder, 'two'), gnuTar('-c', '-C', 's', 'a', 'sub/b'));
  await tarIn(join(folder, 'dot'), gnuTar('-c', '-C', 's', '.'));
  expect([read('two/a'), read('two/sub/b'), read('dot/a'), read('dot/sub/b')]).toEqual(['1', '2', '1', '2']);
});

test('without overwrite an existing file is named and kept, and with it replaced', async () => {
  put('s/a', 'new');
  put('out/a', 'old');
  put('file', 'old');
  const tree = gnuTar('-c', '-C', 's', '.');
  const lone = gnuTar('-c', '-C', 's', 'a');
  expect(failed(await tarIn(join(folder, 'out'), tree, false))).toMatch(/^already_exists a exists/);
  expect(failed(await tarIn(join(folder, 'file'), lone, false))).toMatch(/^already_exists .*\/file exists/);
  expect([read('out/a'), read('file')]).toEqual(['old', 'old']);
  await tarIn(join(folder, 'out'), tree);
  await tarIn(join(folder, 'file'), lone);
  expect([read('out/a'), read('file')]).toEqual(['new', 'new']);
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('.boxlite'))).toEqual([]);
});

test('directories that were there keep their attributes', async () => {
  put('s/d/a', '1');
  fs.chmodSync(join(folder, 's'), 0o700);
  fs.mkdirSync(join(folder, 'out/d'), { recursive: true });
  fs.chmodSync(join(folder, 'out'), 0o1777);
  await tarIn(join(folder, 'out'), gnuTar('-c', '-C', 's', '.'));
  expect(fs.statSync(join(folder, 'out')).mode & 0o7777).toBe(0o1777);
  expect(read('out/d/a')).toBe('1');
});

test('absolute names lose their slash, and a name with `..` is refused', async () => {
  put('s/a', '1');
  await tarIn(join(folder, 'out/'), gnuTar('-cP', '--transform=s,^a,/abs/a,', '-C', 's', 'a'));
  expect(read('out/abs/a')).toBe('1');
  const up = gnuTar('-cP', '--transform=s,^a,x/../../up,', '-C', 's', 'a');
  expect(failed(await tarIn(join(folder, 'out/'), up))).toMatch(/^invalid_argument .*`\.\.`/);
  expect(fs.existsSync(join(folder, 'up'))).toBe(false);
});

test('an archive cannot write through a symlink that it planted', async () => {
  put('s/a', 'evil');
  fs.mkdirSync(join(folder, 'outside'));
  for (const target of [join(folder, 'outside'), '../outside']) {
    fs.rmSync(join(folder, 'p'), { recursive: true, force: true });
    fs.rmSync(join(folder, 's.tar'), { force: true });
    fs.mkdirSync(join(folder, 'p'));
    fs.symlinkSync(target, join(folder, 'p/l'));
    gnuTar('-cf', 's.tar', '-C', 'p', 'l');
    gnuTar('-rPf', 's.tar', '--transform=s,^a,l/a,', '-C', 's', 'a');
    expect(failed(await tarIn(join(folder, 'out/'), fs.readFileSync(join(folder, 's.tar'))))).toMatch(
      /^invalid_argument .*symlink/,
    );
    expect(fs.readdirSync(join(folder, 'outside'))).toEqual([]);
    fs.rmSync(join(folder, 'out'), { recursive: true });
  }
});

test('a symlink that stays within the destination is followed, and replaced when a file takes its name', async () => {
  put('s/bin/a', 'one');
  put('out/usr/bin/z', 'z');
  fs.symlinkSync('usr/bin', join(folder, 'out/bin'));
  fs.symlinkSync('/etc/hostname', join(folder, 'out/usr/bin/a'));
  expect((await tarIn(join(folder, 'out'), gnuTar('-c', '-C', 's', '.'))).exitCode).toBe(0);
  expect(read('out/usr/bin/a')).toBe('one');
  expect(fs.lstatSync(join(folder, 'out/bin')).isSymbolicLink()).toBe(true);
});

test('an archive that is cut, corrupt or none is refused wherever it is cut', async () => {
  put('s/a', randomBytes(2000));
  put('s/b', randomBytes(700));
  const archive = gnuTar('-c', '-b1', '-C', 's', 'a', 'b');
  for (const length of [0, 1, 511, 512, 1000, 2560, 2561, 3072, archive.length - 1025]) {
    expect(failed(await tarIn(join(folder, 'cut'), archive.subarray(0, length)))).toMatch(/^invalid_argument /);
    fs.rmSync(join(folder, 'cut'), { recursive: true, force: true });
  }
  const corrupt = Buffer.from(archive);
  corrupt[5] = 0x41;
  expect(failed(await tarIn(join(folder, 'c'), corrupt))).toMatch(/^invalid_argument .*checksum/);
  expect(failed(await tarIn(join(folder, 'c'), randomBytes(5000)))).toMatch(/^invalid_argument /);
  expect(fs.readdirSync(folder).sort()).toEqual(['s']);
});

test('random damage to an archive never ends in anything but success or one clear line', async () => {
  makeTree();
  const archive = gnuTar('-c', '--format=pax', '-C', 'tree', 'a.txt', 'sub/link', 'hollow', 'long-link');
  for (let i = 0; i < 60; i++) {
    const damaged = Buffer.from(archive);
    for (let k = 0; k < 3; k++)
      damaged.writeUInt8(randomBytes(1).readUInt8(), Math.floor(Math.random() * damaged.length));
    const result = await tarIn(join(folder, `out${i}/`), damaged);
    expect(result.signal).toBe(0);
    if (result.exitCode !== 0) {
      expect(result.stderr.toString()).toMatch(
        /^(invalid_argument|already_exists|storage_failed|not_found|resource_exhausted) [^\n]+\n$/,
      );
    }
  }
});

test('a full disk is resource_exhausted', async () => {
  const script = 'mkdir -p $0/small && mount -t tmpfs -o size=1m none $0/small';
  await runGuestCommand(channel, ['sh', '-c', script, folder]);
  put('s/big', randomBytes(3_000_000));
  const result = await tarIn(join(folder, 'small/x'), gnuTar('-c', '-C', 's', 'big'));
  const left = await runGuestCommand(channel, ['ls', '-A', join(folder, 'small')]);
  await runGuestCommand(channel, ['umount', join(folder, 'small')]);
  expect(failed(result)).toMatch(/^resource_exhausted .*No space left/);
  expect(left.stdout.toString()).toBe('');
});

test('a file is packed as one entry with its base name', async () => {
  put('d/f.txt', 'content');
  fs.writeFileSync(join(folder, 'x.tar'), (await tarOut(join(folder, 'd/f.txt'))).stdout);
  expect(gnuTar('-tf', 'x.tar').toString()).toBe('f.txt\n');
  expect(gnuTar('-xOf', 'x.tar').toString()).toBe('content');
});

test('a missing path is not_found before the first byte', async () => {
  const result = await tarOut(join(folder, 'nope'));
  expect(failed(result)).toMatch(/^not_found .*nope/);
  expect(result.stdout.length).toBe(0);
});

test('symlinks are kept, or followed without going round in circles', async () => {
  put('d/f', 'content');
  fs.symlinkSync('f', join(folder, 'd/to-file'));
  fs.symlinkSync('.', join(folder, 'd/to-self'));
  fs.symlinkSync('nowhere', join(folder, 'd/dangling'));
  const types = async (follow: boolean): Promise<string[]> => {
    fs.writeFileSync(join(folder, 'x.tar'), (await tarOut(join(folder, 'd'), follow)).stdout);
    const lines = gnuTar('-tvf', 'x.tar').toString().trim().split('\n');
    return lines.map((line) => `${line[0]}${/d\/\S*/.exec(line)?.[0]}`).sort();
  };
  expect(await types(false)).toEqual(['-d/f', 'dd/', 'ld/dangling', 'ld/to-file', 'ld/to-self']);
  expect(await types(true)).toEqual(['-d/f', '-d/to-file', 'dd/', 'ld/dangling', 'ld/to-self']);
});

test('a file over 8 GiB keeps its size', async () => {
  execFileSync('truncate', ['-s', '9G', join(folder, 'huge')]);
  let execution = 0;
  let header: Buffer | undefined;
  await runGuestCommand(channel, ['tar-out', join(folder, 'huge'), '0'], {
    builtin: true,
    onStarted: (id) => {
      execution = id;
    },
    onData(_stream, _offset, bytes) {
      if (!header) setImmediate(() => channel.signal(execution, 9));
      header ??= Buffer.from(bytes.subarray(0, 512));
    },
  });
  expect(header?.subarray(124, 136).toString('hex')).toBe('800000000000000240000000');
});

test('a file that shrinks while it is read is padded with zeros to the size that was told', async () => {
  const size = 64 * 1024 * 1024;
  fs.writeFileSync(join(folder, 'f'), Buffer.alloc(size, 'x'));
  let total = 0;
  let zeros = 0;
  const result = await runGuestCommand(channel, ['tar-out', join(folder, 'f'), '0'], {
    builtin: true,
    onData(_stream, _offset, bytes) {
      if (total === 0) fs.truncateSync(join(folder, 'f'), 1024 * 1024);
      total += bytes.length;
      if (bytes.every((byte) => byte === 0)) zeros += bytes.length;
    },
  });
  expect(result.exitCode).toBe(0);
  expect(total).toBe(size + 512 + 1024);
  expect(zeros).toBeGreaterThan(size / 2);
});
