import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { GuestChannel, GuestSink } from './channel.ts';
import { connectGuest } from './connect-guest.ts';
import { nextExecution, plainExec, runGuestCommand } from './guest-command.ts';
import { type GuestProcess, startGuestProcess } from './guest-process.ts';

// What a program in the box does to its own guest. The first argument chooses.
const hostileSource = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static int until(int seconds) { static time_t end; if (!end) end = time(0) + seconds; return time(0) < end; }
int main(int argc, char **argv) {
  (void)argc;
  if (!strcmp(argv[1], "stop-what-starts")) { /* everything that is started after it, for a second and a bit */
    puts("ready"); fflush(stdout);
    pid_t me = getpid();
    while (until(2)) for (pid_t p = me + 1; p < me + 64; p++) kill(p, SIGSTOP);
  } else if (!strcmp(argv[1], "forge-term")) { /* as if from outside: no pid, but a code that is its own choice */
    siginfo_t info = { .si_signo = SIGTERM, .si_code = SI_QUEUE };
    kill(1, SIGTERM), kill(1, SIGINT), kill(1, SIGKILL), kill(1, SIGSTOP);
    syscall(SYS_rt_sigqueueinfo, 1, SIGTERM, &info);
  } else if (!strcmp(argv[1], "swap")) { /* a link in the place of every node of that name, as soon as it is there */
    puts("ready"); fflush(stdout);
    struct stat st;
    char other[4096];
    snprintf(other, sizeof other, "%s.link", argv[2]);
    symlink(argv[3], other);
    while (until(3)) if (lstat(argv[2], &st) == 0 && S_ISFIFO(st.st_mode)) { rename(other, argv[2]); symlink(argv[3], other); }
  } else if (!strcmp(argv[1], "bomb")) { /* no TERM, a session for each */
    signal(SIGTERM, SIG_IGN);
    for (;;) if (fork() == 0) setsid();
  }
  return 0;
}
`;

let folder: string;
let program: string;
let guest: GuestProcess;
let channel: GuestChannel;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'boxlite-hostile-'));
  chmodSync(folder, 0o755);
  program = join(folder, 'hostile');
  writeFileSync(`${program}.c`, hostileSource);
  execFileSync('musl-gcc', ['-static', '-O2', '-w', '-o', program, `${program}.c`]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  guest = startGuestProcess();
  channel = await connectGuest(guest.socketPath);
});
afterEach(async () => {
  channel.close();
  await guest[Symbol.asyncDispose]();
});

/** Starts it and waits until it says that it is ready. */
async function start(...args: readonly string[]): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const sink: GuestSink = { data: () => ready.resolve(), exit() {}, broken: ready.reject };
  await channel.exec(nextExecution(), { ...plainExec, argv: [program, ...args] }, sink);
  await ready.promise;
}

const none: GuestSink = { data() {}, exit() {}, broken() {} };

test('a program that stops whatever is started, before it runs, holds up neither the guest nor a start', async () => {
  await start('stop-what-starts');
  for (let i = 0; i < 5; i++) await channel.exec(nextExecution(), plainExec, none);
  await channel.exec(nextExecution(), { ...plainExec, argv: ['tar-out', folder, '0'], builtin: true }, none);
  await channel.ping();
});

test('no signal from inside the box ends its guest, however it is forged', async () => {
  expect((await runGuestCommand(channel, [program, 'forge-term'])).exitCode).toBe(0);
  await channel.ping();
  expect((await runGuestCommand(channel, ['true'])).exitCode).toBe(0);
});

test('a link that takes the place of a pipe while it is unpacked does not lead its mode and owner elsewhere', async () => {
  const secret = join(folder, 'secret');
  const target = join(folder, 'target');
  mkdirSync(target);
  writeFileSync(secret, '', { mode: 0o600 });
  execFileSync('mkfifo', ['-m', '666', join(folder, 'fifo')]);
  const names = Array.from({ length: 2000 }, () => 'fifo');
  const input = execFileSync('tar', ['-c', '--hard-dereference', '--owner=4321', '-C', folder, ...names]);
  await start('swap', join(target, 'fifo'), secret);
  await runGuestCommand(channel, ['tar-in', `${target}/`, '1'], { builtin: true, input });
  expect(statSync(secret)).toMatchObject({ uid: 0, mode: 0o100600 });
});

test('a name that fits a megabyte of PATH only in gigabytes is refused', async () => {
  const env = { PATH: ':'.repeat(500_000) };
  await expect(runGuestCommand(channel, ['x'.repeat(400_000)], { env })).rejects.toThrow('too long');
  await channel.ping();
});
