import { bytesOf } from '../kit.ts';
import { like, member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { capability, generation1 } from '../server.ts';
import type { SseEvent } from '../sse.ts';

const streaming = [capability('streaming_enabled')];

/** Bytes of both streams. */
function both(events: readonly SseEvent[]): readonly Buffer[] {
  return [bytesOf(events, 'stdout'), bytesOf(events, 'stderr')];
}

/** Output as Server-Sent Events. */
export const outputRequirements: readonly Requirement[] = [
  {
    id: 'output.exit-last',
    text: 'output comes as stdout and stderr in padded base64, then one exit, then the end',
    clause: 'streamExecutionOutput',
    needs: streaming,
    async check({ box, shell, events }) {
      const found = await events(await shell(await box(), 'echo out; echo err >&2; exit 42'));
      same(both(found).map(String), ['out\n', 'err\n'], 'stdout and stderr');
      same(
        found.map(({ name }) => name).filter((name) => !/^std(out|err)$/.test(name)),
        ['exit'],
        'the other events',
      );
      const exit = found.at(-1);
      same([exit?.name, member(exit?.data, 'exit_code')], ['exit', 42], 'the last event and exit_code');
      must(Number(member(exit?.data, 'duration_ms')) > 0, 'duration_ms must be more than 0');
    },
  },
  {
    id: 'output.from-the-first-byte',
    text: 'whoever asks, during or after, gets all from the first byte, the same',
    clause: 'streamExecutionOutput',
    needs: streaming,
    async check({ box, shell, events }) {
      const execution = await shell(await box(), 'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done');
      const during = await Promise.all([events(execution), events(execution), events(execution)]);
      const texts = [...during, await events(execution)].map((one) => bytesOf(one, 'stdout').toString());
      const wanted = Array.from({ length: 300 }, (_, n) => `line ${n}\n`).join('');
      for (const text of texts) must(text === wanted, 'every reader must get the same 300 lines in order');
    },
  },
  {
    id: 'output.bytes',
    text: 'every byte comes as it was written, whether or not it is text',
    clause: 'components/schemas/OutputEvent',
    needs: streaming,
    async check({ box, shell, events }) {
      const octal = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
      const found = bytesOf(await events(await shell(await box(), `printf '${octal}'`)), 'stdout');
      same(
        [...found],
        Array.from({ length: 256 }, (_, byte) => byte),
        'the bytes',
      );
    },
  },
  {
    id: 'output.ids',
    text: 'the id of an event is how many bytes of stdout and stderr have come with it',
    clause: 'streamExecutionOutput',
    needs: streaming,
    async check({ box, shell, events }) {
      const found = await events(await shell(await box(), 'echo one; echo two >&2; sleep 0.1; echo three'));
      const so = { stdout: 0, stderr: 0 };
      for (const one of found) {
        if (one.name !== 'stdout' && one.name !== 'stderr') continue;
        so[one.name] += bytesOf([one], one.name).length;
        same(one.id, `${so.stdout}.${so.stderr}`, 'the id of an event');
      }
    },
  },
  {
    id: 'output.resume',
    text: 'Last-Event-ID goes on with the very next byte, from any id, also within an event',
    clause: 'streamExecutionOutput',
    needs: streaming,
    async check({ box, shell, events }) {
      const script = 'echo one; echo two >&2; sleep 0.1; echo three; sleep 0.1; echo four >&2';
      const execution = await shell(await box(), script);
      const all = both(await events(execution));
      for (const [out, err] of [
        [0, 0],
        [3, 0],
        [4, 2],
        [4, 4],
        [10, 4],
        [10, 9],
      ] as const) {
        const rest = await events(execution, { 'last-event-id': `${out}.${err}` });
        const wanted = [all[0]?.subarray(out), all[1]?.subarray(err)].map(String);
        same(both(rest).map(String), wanted, `what comes after ${out}.${err}`);
        same(rest.at(-1)?.name, 'exit', 'the last event');
      }
    },
  },
  {
    id: 'output.resume-malformed',
    text: 'a malformed Last-Event-ID is 400',
    clause: 'streamExecutionOutput',
    needs: streaming,
    async check({ send, box, shell }) {
      const execution = await shell(await box(), 'true');
      for (const id of ['nonsense', '1', '-1.0', '1.2.3'])
        (await send('GET', `${execution}/output`, { headers: { 'last-event-id': id } })).is(400);
    },
  },
  {
    id: 'output.whole-characters',
    text: 'no character of UTF-8 is split over two events, though the command writes it in two halves',
    clause: 'streamExecutionOutput',
    needs: streaming,
    async check({ server, box, shell, events }) {
      const script =
        "printf 'a\\342'; sleep 0.2; printf '\\202\\254b'; sleep 0.1; printf '\\360\\237'; sleep 0.2; printf '\\222\\251'";
      for (const by of [server.tenant, ...(server.generation1 ? [server.generation1] : [])]) {
        const execution = await shell(await box({}, by), script, {}, by);
        const pieces = (await events(execution, {}, by)).filter(({ name }) => name === 'stdout');
        const text = pieces.map((one) => new TextDecoder('utf-8', { fatal: false }).decode(bytesOf([one], 'stdout')));
        same(text.join(''), 'a€b💩', 'the text, with each event decoded by itself,');
      }
    },
  },
  {
    id: 'output.tty',
    text: 'with a terminal stdout has everything, and resize changes its size',
    clause: 'resizeExecution',
    needs: [...streaming, capability('tty_enabled')],
    async check({ send, box, shell, events }) {
      const script = 'test -t 0 && echo yes >&2; read line; stty size';
      const execution = await shell(await box(), script, { tty: true });
      (await send('POST', `${execution}/resize`, { json: { cols: 132, rows: 43 } })).is(204);
      const headers = { 'content-type': 'application/octet-stream' };
      (await send('POST', `${execution}/input`, { body: 'go\n', headers })).is(204);
      const [out = '', err] = both(await events(execution)).map(String);
      like(out, /yes\r?\n[\s\S]*43 132/, 'stdout');
      same(err, '', 'stderr');
    },
  },
  {
    id: 'output.generation-1',
    text: 'a client of generation 1 goes all the way under /v1/default: box, command, output, exit',
    clause: 'streamExecutionOutput',
    needs: streaming,
    async check({ server, box, shell, events }) {
      const client = generation1(server);
      const execution = await shell(await box({ detach: false }, client), 'echo hello; exit 3', { tty: false }, client);
      const found = await events(execution, {}, client);
      same(bytesOf(found, 'stdout').toString(), 'hello\n', 'stdout');
      same(member(found.at(-1)?.data, 'exit_code'), 3, 'exit_code');
    },
  },
];
