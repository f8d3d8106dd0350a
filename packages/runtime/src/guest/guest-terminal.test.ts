import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GuestChannel, GuestExit } from './channel.ts';
import { connectGuest } from './connect-guest.ts';
import { nextExecution, plainExec } from './guest-command.ts';
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

interface Terminal {
  readonly execution: number;
  readonly exit: Promise<GuestExit>;
  text(): string;
  /** Resolves once the screen shows it. */
  until(pattern: RegExp): Promise<void>;
  type(text: string): Promise<void>;
}

async function openTerminal(argv: readonly string[]): Promise<Terminal> {
  const execution = nextExecution();
  const exit = Promise.withResolvers<GuestExit>();
  let screen = '';
  let seen = (): void => {};
  await channel.exec(
    execution,
    { ...plainExec, argv, tty: true, size: { cols: 101, rows: 37 } },
    {
      data(stream, _offset, bytes) {
        expect(stream).toBe('stdout');
        screen += Buffer.from(bytes).toString();
        seen();
      },
      exit: exit.resolve,
      broken: exit.reject,
    },
  );
  return {
    execution,
    exit: exit.promise,
    text: () => screen,
    until: (pattern) =>
      new Promise((resolve) => {
        seen = () => {
          if (pattern.test(screen)) resolve();
        };
        seen();
      }),
    type: (text) => channel.write(execution, Buffer.from(text)),
  };
}

test('it is a controlling terminal of the size asked for, and can be resized', async () => {
  const terminal = await openTerminal([
    'sh',
    '-c',
    'trap "stty size; exit" WINCH; stty size; tty; echo $TERM; while :; do sleep 0.05; done',
  ]);
  await terminal.until(/37 101\r\n\/dev\/pts\/\d+\r\nxterm\r\n/);
  channel.resize(terminal.execution, { cols: 55, rows: 11 });
  await terminal.until(/11 55\r\n/);
  expect((await terminal.exit).exitCode).toBe(0);
});

test('a command that starts in the same turn as one at a terminal is still heard while it runs', async () => {
  for (let round = 0; round < 20; round++) {
    const heard = Promise.withResolvers<string>();
    const command = nextExecution();
    const handlers = {
      data: (_stream: string, _offset: number, bytes: Uint8Array) => heard.resolve(Buffer.from(bytes).toString()),
      exit: () => heard.reject(new Error('it ended before it was heard')),
      broken: heard.reject,
    };
    const started = channel.exec(command, { ...plainExec, argv: ['sh', '-c', 'echo heard; exec sleep 5'] }, handlers);
    const [terminal] = await Promise.all([openTerminal(['cat']), started]);
    expect(await heard.promise).toBe('heard\n');
    channel.signal(command, 9);
    channel.signal(terminal.execution, 9);
    await terminal.exit;
  }
});

test('^C interrupts what runs in the foreground', async () => {
  const terminal = await openTerminal(['cat', '/proc/self/comm', '-']);
  await terminal.until(/cat\r\n/);
  await terminal.type('\x03');
  expect(await terminal.exit).toMatchObject({ exitCode: 130, signal: 2 });
});

test('what is typed is echoed, and the end of stdin is ^D', async () => {
  const terminal = await openTerminal(['cat']);
  await terminal.type('hello\n');
  await terminal.until(/hello\r\nhello\r\n/);
  await terminal.type('tail');
  channel.closeStdin(terminal.execution);
  expect((await terminal.exit).exitCode).toBe(0);
  expect(terminal.text()).toMatch(/tailtail$/);
});

test('a shell on it does job control', async () => {
  const terminal = await openTerminal(['bash', '--norc', '-i']);
  await terminal.until(/# $/);
  await terminal.type('cat /proc/self/comm -\n');
  await terminal.until(/\rcat\r\n/);
  await terminal.type('\x1a');
  await terminal.until(/Stopped[\s\S]*# $/);
  await terminal.type('exit 5\n');
  await terminal.until(/There are stopped jobs[\s\S]*# $/);
  await terminal.type('exit 5\n');
  expect((await terminal.exit).exitCode).toBe(5);
});

test('a program that lets go of the terminal before its end is not hung up', async () => {
  const terminal = await openTerminal(['sh', '-c', 'exec <&- >&- 2>&-; sleep 0.3; echo back >/dev/tty; exit 4']);
  expect((await terminal.exit).exitCode).toBe(4);
  expect(terminal.text()).toBe('back\r\n');
});
