import { type Heard, opened, refusedWith, upgrade } from '../attachment.ts';
import { like, member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { capability } from '../server.ts';

/** Whether a message is a text of a type. */
function textOf(type: string): (heard: Heard) => boolean {
  return (heard) => heard.kind === 'text' && member(heard.message, 'type') === type;
}

/** The exit that a WebSocket ended with: the last message, then a close with 1000. */
function exitOf(heard: readonly Heard[]): unknown {
  const messages = heard.filter(({ kind }) => kind !== 'ping');
  same(messages.at(-1), { kind: 'close', code: 1000 }, 'the end of the WebSocket');
  const last = messages.at(-2);
  must(last?.kind === 'text', 'the last message must be the exit');
  same(member(last.message, 'type'), 'exit', 'type of the last message');
  return member(last.message, 'exit_code');
}

/** WebSockets: attach of generation 2, the terminal of generation 1. */
export const socketRequirements: readonly Requirement[] = [
  {
    id: 'attach.ping',
    text: 'the server pings at once, so that clients know that it is there',
    clause: 'attachExecution',
    async check({ box, shell, attach }) {
      const socket = await attach(`${await shell(await box(), 'sleep 1000')}/attach`);
      const began = Date.now();
      await socket.until('a ping', ({ kind }) => kind === 'ping');
      must(Date.now() - began < 5000, 'the ping must come within 5 s; clients give up after 10');
    },
  },
  {
    id: 'attach.channels',
    text: 'output is binary behind a byte 1 for stdout or 2 for stderr, the exit is last, then 1000',
    clause: 'attachExecution',
    async check({ box, shell, attach }) {
      const socket = await attach(`${await shell(await box(), 'echo out; echo err >&2; exit 42')}/attach`);
      await socket.closed();
      same([String(socket.output(1)), String(socket.output(2))], ['out\n', 'err\n'], 'stdout and stderr');
      same(exitOf(socket.heard), 42, 'exit_code');
    },
  },
  {
    id: 'attach.stdin',
    text: 'binary goes to stdin as it is, 3 MiB in one message too, and stdin_eof ends it, said twice or once',
    clause: 'components/schemas/AttachStdinEof',
    async check({ box, shell, attach }) {
      const socket = await attach(`${await shell(await box(), 'wc -c')}/attach`);
      socket.say(new Uint8Array([1, 2]));
      socket.say(new Uint8Array(3 * 1024 * 1024).fill(10));
      socket.say({ type: 'stdin_eof' });
      socket.say({ type: 'stdin_eof' });
      await socket.closed();
      same(String(socket.output(1)).trim(), String(3 * 1024 * 1024 + 2), 'what wc -c says');
      same(exitOf(socket.heard), 0, 'exit_code');
    },
  },
  {
    id: 'attach.whole-characters',
    text: 'no character of UTF-8 is split over two messages',
    clause: 'attachExecution',
    async check({ box, shell, attach }) {
      const execution = await shell(await box(), "printf 'a\\342'; sleep 0.2; printf '\\202\\254b'");
      const socket = await attach(`${execution}/attach`);
      await socket.closed();
      const texts = socket.heard.flatMap((one) => (one.kind === 'binary' ? [one.bytes.subarray(1).toString()] : []));
      same(texts.join(''), 'a€b', 'the text, with each message decoded by itself,');
    },
  },
  {
    id: 'attach.one-at-a-time',
    text: 'a second client is 409 while the first is there, and gets in once it has left',
    clause: 'attachExecution',
    async check({ server, box, shell, attach }) {
      const path = `${await shell(await box(), 'read line; exit 7')}/attach`;
      const first = await attach(path);
      await refusedWith(await upgrade(server.tenant, path), 409);
      await first.close();
      const second = await attach(path);
      second.say(Buffer.from('line\n'));
      await second.closed();
      same(exitOf(second.heard), 7, 'exit_code');
    },
  },
  {
    id: 'attach.again',
    text: 'who attaches again gets what was not delivered, and nothing twice',
    clause: 'attachExecution',
    async check({ box, shell, attach }) {
      const path = `${await shell(await box(), 'echo first; read line; echo second')}/attach`;
      const before = await attach(path);
      await before.until('first', () => String(before.output(1)) === 'first\n');
      const at = before.heard.findLastIndex(({ kind }) => kind === 'binary');
      // What was sent before a ping that the client answered counts as delivered.
      await before.until('a ping after output', () => before.heard.slice(at).some(({ kind }) => kind === 'ping'));
      await before.close();
      const after = await attach(path);
      after.say(Buffer.from('line\n'));
      await after.closed();
      same(String(after.output(1)), 'second\n', 'what comes the second time');
    },
  },
  {
    id: 'attach.ended',
    text: 'a command that ended before still tells its output and its exit',
    clause: 'attachExecution',
    async check({ box, shell, ended, attach }) {
      const execution = await shell(await box(), 'echo early; exit 9');
      await ended(execution);
      const socket = await attach(`${execution}/attach`);
      await socket.closed();
      same([String(socket.output(1)), exitOf(socket.heard)], ['early\n', 9], 'stdout and exit_code');
    },
  },
  {
    id: 'attach.nonsense',
    text: 'a message that makes no sense is answered by an error, and the connection stays',
    clause: 'components/schemas/TerminalError',
    async check({ box, shell, attach }) {
      const socket = await attach(`${await shell(await box(), 'cat')}/attach`);
      for (const [at, message] of ['{', '{"type":"dance"}', '{}', '{"type":"resize","cols":0,"rows":0}'].entries()) {
        socket.say(message);
        await socket.until(`an error to ${message}`, () => socket.heard.filter(textOf('error')).length > at);
      }
      socket.say(Buffer.from('still here'));
      socket.say({ type: 'stdin_eof' });
      await socket.closed();
      same([String(socket.output(1)), exitOf(socket.heard)], ['still here', 0], 'stdout and exit_code');
    },
  },
  {
    id: 'attach.signal',
    text: 'a signal by message reaches the command, and -N is the exit code after it',
    clause: 'components/schemas/AttachSignal',
    async check({ box, shell, attach }) {
      const socket = await attach(`${await shell(await box(), 'exec sleep 1000')}/attach`);
      socket.say({ type: 'signal', sig: 15 });
      await socket.closed();
      same(exitOf(socket.heard), -15, 'exit_code');
    },
  },
  {
    id: 'attach.refused',
    text: 'an upgrade is refused with 404 for what is not there, 401 without a credential, and 426 is no upgrade',
    clause: 'attachExecution',
    async check({ server, send, box, shell }) {
      const id = await box();
      const path = `${await shell(id, 'sleep 1000')}/attach`;
      await refusedWith(await upgrade(server.tenant, `/boxes/${id}/executions/nobody/attach`), 404);
      await refusedWith(await upgrade({ ...server.tenant, headers: {} }, path), 401);
      (await send('GET', path)).is(426);
    },
  },
  {
    id: 'attach.main',
    text: 'attached to a box before its start, one misses nothing of its main command',
    clause: 'attachBox',
    async check({ send, box, attach }) {
      const id = await box({ entrypoint: [], cmd: ['sh', '-c', 'echo main; exit 6'] });
      const socket = await attach(`/boxes/${id}/attach`);
      like(socket.headers['x-boxlite-execution-id'], /./, 'X-Boxlite-Execution-Id');
      (await send('POST', `/boxes/${id}/start`)).is(200);
      await socket.closed();
      same([String(socket.output(1)), exitOf(socket.heard)], ['main\n', 6], 'stdout and exit_code');
    },
  },
  {
    id: 'terminal.whole',
    text: 'a terminal over a WebSocket has its size, takes what is typed and another size, and tells the exit',
    clause: 'execTty',
    needs: [capability('tty_enabled')],
    async check({ server, box, attach }) {
      const by = server.generation1 ?? server.tenant;
      const socket = await attach(`/boxes/${await box({}, by)}/exec/tty?command=sh&cols=100&rows=30`, by);
      const screen = (): string => String(socket.output(undefined));
      socket.say(Buffer.from('stty size\n'));
      await socket.until('the size', () => screen().includes('30 100'));
      socket.say({ type: 'resize', cols: 132, rows: 43 });
      socket.say(Buffer.from('stty size; exit 7\n'));
      await socket.closed();
      like(screen(), /43 132/, 'the screen');
      same(exitOf(socket.heard), 7, 'exit_code');
    },
  },
  {
    id: 'terminal.hangup',
    text: 'a client that leaves a terminal hangs it up: the command gets SIGHUP',
    clause: 'execTty',
    needs: [capability('tty_enabled')],
    async check({ server, box, shell, ended }) {
      const id = await box();
      const script = encodeURIComponent('echo $$ > /tmp/pid; echo ready; exec sleep 1000');
      const socket = opened(await upgrade(server.tenant, `/boxes/${id}/exec/tty?command=sh&args=-c&args=${script}`));
      await socket.until('ready', () => String(socket.output(undefined)).includes('ready'));
      await socket.close();
      const look =
        'i=0; while kill -0 $(cat /tmp/pid) 2>/dev/null; do i=$((i+1)); test $i -lt 200 || exit 1; sleep 0.05; done';
      same(member(await ended(await shell(id, look)), 'exit_code'), 0, 'the exit code of looking for the command');
    },
  },
];
