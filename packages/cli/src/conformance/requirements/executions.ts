import { bytesOf } from '../kit.ts';
import { like, member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';

/** Commands: how they start, what they find, how they end. */
export const executionRequirements: readonly Requirement[] = [
  {
    id: 'executions.start',
    text: 'a command that has started is 201 with its id and Location',
    clause: 'startExecution',
    async check({ send, box }) {
      const id = await box();
      const answer = (await send('POST', `/boxes/${id}/exec`, { json: { command: 'true' } })).is(201);
      const execution = like(member(answer.json(), 'execution_id'), /^[\w.-]{1,128}$/, 'execution_id');
      like(answer.headers.get('location'), new RegExp(`/v1/(.+/)?boxes/${id}/executions/${execution}$`), 'Location');
    },
  },
  {
    id: 'executions.get',
    text: 'an execution tells its status, its exit code and its times, running and after its end',
    clause: 'getExecution',
    async check({ send, box, shell, events }) {
      const execution = await shell(await box(), 'read line; exit 42');
      const running = (await send('GET', execution)).is(200).json();
      same(
        [member(running, 'status'), member(running, 'exit_code') ?? null],
        ['running', null],
        'status and exit_code',
      );
      const octets = { 'content-type': 'application/octet-stream', 'x-close-stdin': 'true' };
      (await send('POST', `${execution}/input`, { body: 'line\n', headers: octets })).is(204);
      await events(execution);
      const ended = (await send('GET', execution)).is(200).json();
      same([member(ended, 'status'), member(ended, 'exit_code')], ['completed', 42], 'status and exit_code');
      like(member(ended, 'started_at'), /^\d{4}-\d\d-\d\dT/, 'started_at');
      must(Number(member(ended, 'duration_ms')) > 0, 'duration_ms must be more than 0');
    },
  },
  {
    id: 'executions.missing',
    text: 'an execution that is not there, or of another box, is 404',
    clause: 'components/responses/NotFound',
    async check({ send, box, shell }) {
      const [one, other] = [await box(), await box()];
      const execution = await shell(one, 'true');
      const strange = execution.replace(one, other);
      for (const path of [strange, `/boxes/${one}/executions/nobody`]) {
        (await send('GET', path)).is(404);
        (await send('GET', `${path}/output`)).is(404);
        (await send('POST', `${path}/signal`, { json: { signal: 15 } })).is(404);
        (await send('DELETE', path)).is(404);
      }
    },
  },
  {
    id: 'executions.environment',
    text: 'a command has its own env and working_dir, and those of its box below them',
    clause: 'components/schemas/ExecRequest',
    async check({ box, shell, events }) {
      const id = await box({ env: { A: 'box', B: 'box' }, working_dir: '/tmp' });
      const script = 'echo "$A $B $PWD"';
      const own = await shell(id, script, { env: { B: 'own' }, working_dir: '/etc' });
      same(bytesOf(await events(own), 'stdout').toString(), 'box own /etc\n', 'what the command finds');
      const plain = await shell(id, script);
      same(bytesOf(await events(plain), 'stdout').toString(), 'box box /tmp\n', 'what a command without its own finds');
    },
  },
  {
    id: 'executions.arguments',
    text: 'arguments come as they are, without a shell between',
    clause: 'components/schemas/ExecRequest',
    async check({ send, box, events }) {
      const id = await box();
      const args = ['%s|', '$HOME', 'a b', '', '"', '\\', '€'];
      const answer = await send('POST', `/boxes/${id}/exec`, { json: { command: 'printf', args } });
      const path = `/boxes/${id}/executions/${member(answer.is(201).json(), 'execution_id')}`;
      same(bytesOf(await events(path), 'stdout').toString(), '$HOME|a b||"|\\|€|', 'stdout');
    },
  },
  {
    id: 'executions.bad-values',
    text: 'a command that is missing, or a negative timeout, is 400 and names the field',
    clause: 'components/schemas/ExecRequest',
    async check({ send, box }) {
      const path = `/boxes/${await box()}/exec`;
      for (const [field, json] of Object.entries({
        command: { args: [] },
        timeout_seconds: { command: 'true', timeout_seconds: -1 },
        args: { command: 'true', args: 'x' },
      })) {
        const answer = (await send('POST', path, { json })).is(400);
        like(member(answer.json(), 'error', 'message'), new RegExp(field), `error.message for ${field}`);
      }
    },
  },
  {
    id: 'executions.no-such-program',
    text: 'a program that is not there is 422 ExecutionError',
    clause: 'components/responses/Unprocessable',
    async check({ send, box }) {
      const json = { command: 'no-such-program-anywhere' };
      const answer = (await send('POST', `/boxes/${await box()}/exec`, { json })).is(422);
      same(member(answer.json(), 'error', 'type'), 'ExecutionError', 'error.type');
    },
  },
  {
    id: 'executions.timeout',
    text: 'a command that takes longer than its timeout is timed_out, and its exit says so',
    clause: 'components/schemas/ExitEvent',
    async check({ send, box, shell, events }) {
      const execution = await shell(await box(), 'sleep 1000', { timeout_seconds: 0.3 });
      const exit = (await events(execution)).at(-1);
      same([exit?.name, member(exit?.data, 'timed_out')], ['exit', true], 'the last event and timed_out');
      same(member((await send('GET', execution)).is(200).json(), 'status'), 'timed_out', 'status');
    },
  },
  {
    id: 'executions.signal',
    text: 'a signal reaches the command: 204, and TERM ends it as 143',
    clause: 'signalExecution',
    async check({ send, box, shell, events }) {
      const id = await box();
      const execution = await shell(id, 'exec sleep 1000');
      (await send('POST', `${execution}/signal`, { json: { signal: 15 } })).is(204);
      same(member((await events(execution)).at(-1)?.data, 'exit_code'), 143, 'exit_code');
      const caught = await shell(id, 'trap "echo caught; exit 5" USR1; echo ready; while :; do sleep 0.05; done');
      for (;;) {
        const found = (await send('GET', caught)).is(200).json();
        same(member(found, 'status'), 'running', 'status');
        const bytes = member(found, 'stdout_bytes');
        // Where a server does not count, the trap is most likely set by the time a whole request went by.
        if (typeof bytes !== 'number' || bytes > 0) break;
      }
      (await send('POST', `${caught}/signal`, { json: { signal: 10 } })).is(204);
      same(bytesOf(await events(caught), 'stdout').toString(), 'ready\ncaught\n', 'stdout');
    },
  },
  {
    id: 'executions.signal-after-end',
    text: 'a signal to a command that has ended is 409 InvalidStateError, and one that is none 400',
    clause: 'signalExecution',
    async check({ send, box, shell, ended }) {
      const execution = await shell(await box(), 'true');
      await ended(execution);
      const answer = (await send('POST', `${execution}/signal`, { json: { signal: 15 } })).is(409);
      same(member(answer.json(), 'error', 'type'), 'InvalidStateError', 'error.type');
      (await send('POST', `${execution}/signal`, { json: { signal: 4711 } })).is(400);
    },
  },
  {
    id: 'executions.remove',
    text: 'DELETE kills an execution and forgets it',
    clause: 'removeExecution',
    async check({ send, box, shell, events }) {
      const id = await box();
      const execution = await shell(id, 'echo $$ > /tmp/pid; exec sleep 1000');
      await events(await shell(id, 'until test -s /tmp/pid; do sleep 0.05; done'));
      (await send('DELETE', execution)).is(204);
      (await send('GET', execution)).is(404);
      (await send('GET', `${execution}/output`)).is(404);
      const gone = await shell(
        id,
        'i=0; while kill -0 $(cat /tmp/pid) 2>/dev/null; do i=$((i+1)); test $i -lt 100 || exit 1; sleep 0.05; done',
      );
      same(member((await events(gone)).at(-1)?.data, 'exit_code'), 0, 'the exit code of looking for the process');
    },
  },
  {
    id: 'executions.resize-without-terminal',
    text: 'resizing a command without a terminal is 409, and no size 400',
    clause: 'resizeExecution',
    async check({ send, box, shell }) {
      const execution = await shell(await box(), 'sleep 1000');
      (await send('POST', `${execution}/resize`, { json: { cols: 80, rows: 24 } })).is(409);
      (await send('POST', `${execution}/resize`, { json: { cols: 0, rows: 24 } })).is(400);
    },
  },
];
