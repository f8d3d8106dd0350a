import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GuestChannel } from './channel.ts';
import { connectGuest } from './connect-guest.ts';
import { nextExecution, plainExec, runGuestCommand } from './guest-command.ts';
import { type GuestProcess, startGuestProcess } from './guest-process.ts';

let guest: GuestProcess;
let channel: GuestChannel;

beforeAll(async () => {
  guest = startGuestProcess();
  channel = await connectGuest(guest.socketPath);
});
afterAll(async () => {
  channel.close();
  await guest[Symbol.asyncDispose]();
});

const sh = (script: string, options: Parameters<typeof runGuestCommand>[2] = {}): ReturnType<typeof runGuestCommand> =>
  runGuestCommand(channel, ['sh', '-c', script], options);
/** Processes of the box whose command line contains the text. */
const processes = async (text: string): Promise<string> =>
  (await sh(`pgrep -f '[${text[0]}]${text.slice(1)}'`)).stdout.toString();

test('output, errors and the exit code come back', async () => {
  const result = await sh('echo out; echo err >&2; exit 7');
  expect([result.exitCode, result.signal, result.stdout.toString(), result.stderr.toString()]).toEqual([
    7,
    0,
    'out\n',
    'err\n',
  ]);
  expect(result.durationMs).toBeGreaterThan(0);
});

test('a signal ends it with 128 and the signal', async () => {
  for (const signal of [15, 9]) {
    const result = await runGuestCommand(channel, ['sleep', '100'], {
      onStarted: (execution) => channel.signal(execution, signal),
    });
    expect([result.exitCode, result.signal, result.timedOut]).toEqual([128 + signal, signal, false]);
  }
});

test('a program starts with default signals, three descriptors, a session of its own, a raised OOM score and defaults', async () => {
  const result = await sh(
    'grep -hE "^Sig(Blk|Ign)" /proc/$$/status | tr -d "\\n\\t"; echo; ls /proc/$$/fd; cut -d" " -f5,6 /proc/$$/stat; echo $$ $$; cat /proc/$$/oom_score_adj; echo $HOME $PWD',
    { env: {} },
  );
  const [signals, input, out, error, group, own, score, rest] = result.stdout.toString().split('\n');
  expect(signals).toBe(`SigBlk:${'0'.repeat(16)}SigIgn:${'0'.repeat(16)}`);
  expect([input, out, error]).toEqual(['0', '1', '2']);
  expect(group).toBe(own);
  expect(Number(score)).toBeGreaterThan(298);
  expect(rest).toBe('/root /');
});

test('the directory, the user and his groups are taken', async () => {
  const result = await sh('pwd; id -u; id -g; id -G', { cwd: '/usr', user: 'daemon' });
  expect(result.stdout.toString()).toBe('/usr\n1\n1\n1\n');
  const numeric = await sh('id -u; id -g; id -G; echo $HOME', { user: '54321:777' });
  expect(numeric.stdout.toString()).toBe('54321\n777\n777\n/\n');
});

test.each([
  [['nope-nope'], {}, /^program not found: nope-nope \(PATH \//],
  [['/no/such'], {}, /^program not found: \/no\/such$/],
  [['/etc/passwd'], {}, /^program cannot run: \/etc\/passwd \(Permission denied\)$/],
  [['true'], { cwd: '/nowhere' }, /^cannot enter working directory: \/nowhere \(No such file or directory\)$/],
  [['true'], { cwd: '/etc/passwd' }, /^cannot enter working directory: .*Not a directory/],
  [['true'], { user: 'nobody-here' }, /^user not found: nobody-here /],
  [['true'], { user: 'root:nogroup-here' }, /^group not found: nogroup-here /],
  [[], {}, /^no command was given$/],
  [['a\0b'], {}, /NUL/],
  [['nope', 'x'], { builtin: true }, undefined],
])('%j with %j fails with a message that names what is wrong', async (argv, options, message) => {
  const run = runGuestCommand(channel, argv, options);
  if (message)
    await expect(run).rejects.toMatchObject({ code: 'execution_failed', message: expect.stringMatching(message) });
  else expect((await run).exitCode).toBe(1);
});

test('1 GiB arrives whole', async () => {
  const hash = createHash('md5');
  let total = 0;
  const script = 'dd if=/dev/zero bs=1M count=1024 status=none | tr "\\0" "\\101" | tee /dev/fd/3 | md5sum >&2';
  const result = await sh(`exec 3>&1; { ${script}; } 3>&1 1>/dev/null`, {
    onData(stream, _offset, bytes) {
      if (stream === 'stderr') return;
      hash.update(bytes);
      total += bytes.length;
    },
  });
  expect(result.exitCode).toBe(0);
  expect(total).toBe(2 ** 30);
  const want = createHash('md5');
  const block = Buffer.alloc(1 << 20, 'A');
  for (let i = 0; i < 1024; i++) want.update(block);
  expect(hash.digest('hex')).toBe(want.digest('hex'));
}, 120_000);

test('stdin is binary-safe in both directions', async () => {
  const input = randomBytes(5_000_001);
  const result = await runGuestCommand(channel, ['cat'], { input });
  expect(result.stdout.equals(input)).toBe(true);
});

test('a write waits while nobody reads, and fails once stdin is closed', async () => {
  const execution = nextExecution();
  const ended = Promise.withResolvers<void>();
  await channel.exec(
    execution,
    { ...plainExec, argv: ['sleep', '100'] },
    {
      data() {},
      exit: () => ended.resolve(),
      broken: ended.reject,
    },
  );
  const abort = new AbortController();
  const stuck = channel.write(execution, randomBytes(1_000_000), abort.signal);
  const stuckToo = channel.write(execution, randomBytes(10));
  await channel.ping();
  abort.abort(new Error('enough'));
  await expect(stuck).rejects.toThrow('enough');
  channel.signal(execution, 9);
  await expect(stuckToo).rejects.toMatchObject({ code: 'invalid_state' });
  await ended.promise;
  await expect(channel.write(execution, randomBytes(10))).rejects.toMatchObject({ code: 'invalid_state' });
  const deaf = nextExecution();
  const closed = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  await channel.exec(
    deaf,
    { ...plainExec, argv: ['sh', '-c', 'exec <&-; echo; exec sleep 100'] },
    {
      data: () => ready.resolve(),
      exit: () => closed.resolve(),
      broken: closed.reject,
    },
  );
  await ready.promise;
  await channel.ping();
  await expect(channel.write(deaf, randomBytes(1_000_000))).rejects.toMatchObject({ code: 'invalid_state' });
  channel.signal(deaf, 9);
  await closed.promise;
});

test('a slow reader holds up its own execution only', async () => {
  const release = Promise.withResolvers<void>();
  let slowBytes = 0;
  let held = false;
  const slow = runGuestCommand(channel, ['dd', 'if=/dev/zero', 'bs=1M', 'count=32', 'status=none'], {
    onData(_stream, _offset, bytes) {
      slowBytes += bytes.length;
      if (held) return undefined;
      held = true;
      return release.promise;
    },
  });
  let fast = 0;
  const other = await runGuestCommand(channel, ['dd', 'if=/dev/zero', 'bs=1M', 'count=64', 'status=none'], {
    onData(_stream, _offset, bytes) {
      fast += bytes.length;
    },
  });
  expect([other.exitCode, fast]).toEqual([0, 64 * 2 ** 20]);
  expect(slowBytes).toBeLessThan(2 ** 20);
  release.resolve();
  expect((await slow).exitCode).toBe(0);
  expect(slowBytes).toBe(32 * 2 ** 20);
});

test('a background child that holds the pipe holds up nothing, and is not killed by writing on', async () => {
  const [go, mark] = [join(guest.folder, 'go'), join(guest.folder, 'survived')];
  // The child lives until it is told that the command has ended.
  const child = `until [ -e ${go} ]; do sleep 0.05; done; echo late; echo late; : > ${mark}`;
  const result = await sh(`(${child}) & echo early`);
  expect(result.stdout.toString()).toBe('early\n');
  await sh(`: > ${go}`);
  await sh(`until [ -e ${mark} ]; do sleep 0.05; done`);
});

test('what the program wrote before its end comes whole though a child holds the pipe and the reader is slow', async () => {
  const parts: Buffer[] = [];
  const script = `sleep 5 & head -c 3000000 /dev/zero`;
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));
  const result = await sh(script, {
    onData(_stream, _offset, bytes) {
      parts.push(Buffer.from(bytes));
      return pause();
    },
  });
  expect(result.stdoutTotal).toBe(3_000_000);
  expect(Buffer.concat(parts).length).toBe(3_000_000);
});

test('a timeout ends the whole tree, those in sessions of their own and orphans too', async () => {
  const script = `trap "" TERM
    setsid sh -c 'trap "" TERM; sleep 4001' &
    (setsid sh -c 'sleep 4002 & sleep 4002' &)
    sleep 4003`;
  const result = await sh(script, { timeoutMs: 300 });
  expect([result.timedOut, result.signal]).toEqual([true, 9]);
  expect(await processes('sleep 400[123]')).toBe('');
});

test('a timeout first asks: what ends at TERM ends with its own code', async () => {
  const result = await sh('trap "echo bye; exit 3" TERM; sleep 50 & wait', { timeoutMs: 200 });
  expect([result.timedOut, result.exitCode, result.stdout.toString()]).toEqual([true, 3, 'bye\n']);
});

test('KILL reaches the whole tree but no other execution', async () => {
  const other = await new Promise<number>((resolve, reject) => {
    runGuestCommand(channel, ['sleep', '4010'], { onStarted: resolve }).catch(reject);
  });
  const result = await sh('setsid sleep 4011 & (setsid sleep 4011 &) ; echo; wait; sleep 4011', {
    onStarted: () => {},
    onData: () => channel.signal(other + 1, 9),
  });
  expect(result.signal).toBe(9);
  expect(await processes('sleep 4011')).toBe('');
  expect(await processes('sleep 4010')).not.toBe('');
  channel.signal(other, 9);
});

test('discarded output is dropped and the exit still comes', async () => {
  let execution = 0;
  const result = await sh('yes | head -c 50000000', {
    onStarted: (id) => {
      execution = id;
    },
    onData: () => {
      if (execution > 0) channel.discardOutput(execution);
    },
  });
  expect([result.exitCode, result.stdoutTotal]).toEqual([0, 50_000_000]);
});

test('many executions at once do not mix', async () => {
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) => runGuestCommand(channel, ['echo', `number ${i}`])),
  );
  expect(results.map((result) => result.stdout.toString())).toEqual(results.map((_, i) => `number ${i}\n`));
  expect(await channel.list()).toEqual([]);
  expect(fs.readdirSync(guest.folder)).toContain('guest.sock');
});

test('an execution that floods leaves others quick', async () => {
  const flood = nextExecution();
  const over = Promise.withResolvers<void>();
  await channel.exec(flood, { ...plainExec, argv: ['yes'] }, { data() {}, exit: () => over.resolve(), broken() {} });
  const began = performance.now();
  for (let i = 0; i < 20; i++) await runGuestCommand(channel, ['true']);
  expect(performance.now() - began).toBeLessThan(2000);
  channel.signal(flood, 9);
  await over.promise;
});

test('a program that lets go of its stdin long before its end is told of', async () => {
  const running = Promise.withResolvers<number>();
  const ended = sh('exec <&-; sleep 100', { onStarted: (number) => running.resolve(number) });
  const execution = await running.promise;
  const refused = async (): Promise<unknown> => {
    for (;;) {
      try {
        await channel.write(execution, Buffer.from('x'));
        await channel.ping();
      } catch (error) {
        return error;
      }
    }
  };
  expect(String(await refused())).toMatch(/takes no more: the program has closed it/);
  channel.signal(execution, 9);
  expect((await ended).signal).toBe(9);
});

test('what many commands at once have printed leaves less than two mebibytes in the guest', async () => {
  // Half a mebibyte in rings, as much in buffers that other tests of this guest touched; 64 rings would be four.
  const guestKib = async (): Promise<number> => Number((await sh('grep RssAnon /proc/1/status | tr -dc 0-9')).stdout);
  for (let i = 0; i < 3; i++) {
    await Promise.all(Array.from({ length: 60 }, () => sh('head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2')));
  }
  await expect.poll(guestKib, { timeout: 10_000 }).toBeLessThan(2048);
});
