import { bytesOf } from '../kit.ts';
import { member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { additions, idempotency } from '../server.ts';

/** Requests that are safe to send again, and what becomes of boxes. */
export const retryRequirements: readonly Requirement[] = [
  {
    id: 'idempotency.replay',
    text: 'the same request with the same key gets the first answer again, and makes nothing twice',
    clause: 'components/parameters/IdempotencyKey',
    needs: [idempotency],
    async check({ send, making, name, removeLater }) {
      const called = name();
      removeLater(`/boxes/${called}?force=true`);
      const sent = { json: making({ name: called, auto_remove: false }), headers: { 'idempotency-key': name() } };
      const first = (await send('POST', '/boxes', sent)).is(201);
      const again = (await send('POST', '/boxes', sent)).is(201);
      same(again.json(), first.json(), 'the second answer');
      same(again.headers.get('location'), first.headers.get('location'), 'Location');
      same(first.headers.get('idempotent-replay'), null, 'Idempotent-Replay of the first');
      same(again.headers.get('idempotent-replay'), 'true', 'Idempotent-Replay of the second');
    },
  },
  {
    id: 'idempotency.at-once',
    text: 'the same requests at once with one key wait for the first, and a command runs once',
    clause: 'components/parameters/IdempotencyKey',
    needs: [idempotency],
    async check({ send, name, box, shell, events }) {
      const id = await box();
      const json = { command: 'sh', args: ['-c', 'echo ran >> /tmp/runs'] };
      const sent = { json, headers: { 'idempotency-key': name() } };
      const answers = await Promise.all(Array.from({ length: 3 }, () => send('POST', `/boxes/${id}/exec`, sent)));
      const ids = new Set(answers.map((one) => member(one.is(201).json(), 'execution_id')));
      same(ids.size, 1, 'the number of executions');
      await events(`/boxes/${id}/executions/${[...ids][0]}`);
      same(bytesOf(await events(await shell(id, 'cat /tmp/runs')), 'stdout').toString(), 'ran\n', 'what ran');
    },
  },
  {
    id: 'idempotency.key-reused',
    text: 'another request with the same key is 422',
    clause: 'components/responses/KeyReused',
    needs: [idempotency],
    async check({ send, making, name, removeLater }) {
      const [called, other, key] = [name(), name(), name()];
      for (const one of [called, other]) removeLater(`/boxes/${one}?force=true`);
      const headers = { 'idempotency-key': key };
      (await send('POST', '/boxes', { json: making({ name: called, auto_remove: false }), headers })).is(201);
      (await send('POST', '/boxes', { json: making({ name: other, auto_remove: false }), headers })).is(422);
      (await send('GET', `/boxes/${other}`)).is(404);
    },
  },
  {
    id: 'events.life',
    text: 'every change in a box’s life is an event with an id, in order, and Last-Event-ID brings what came after',
    clause: 'streamEvents',
    needs: [additions],
    async check({ server: { tenant }, send, box }) {
      const mark = await readUntil(`${tenant.root}/events`, tenant.headers, () => true);
      const id = await box();
      (await send('POST', `/boxes/${id}/start`)).is(200);
      (await send('DELETE', `/boxes/${id}?force=true`)).is(204);
      const headers = { ...tenant.headers, 'last-event-id': mark.at(-1)?.id ?? '' };
      const removed = ({ type, box_id }: BoxChange): boolean => box_id === id && type === 'removed';
      const changes = await readUntil(`${tenant.root}/events`, headers, removed);
      const types = changes.filter(({ box_id }) => box_id === id).map(({ type }) => type);
      same([types[0], types.includes('started'), types.at(-1)], ['created', true, 'removed'], 'the changes');
      same(new Set(changes.map((one) => one.id)).size >= 3, true, 'that every event has an id of its own');
    },
  },
];

interface BoxChange {
  readonly id: string;
  readonly type: unknown;
  readonly box_id: unknown;
}

/** Reads a stream without end until an event fits, 20 s at most; the events until then. */
async function readUntil(
  url: string,
  headers: Readonly<Record<string, string>>,
  fits: (change: BoxChange) => boolean,
): Promise<readonly BoxChange[]> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 20_000);
  const changes: BoxChange[] = [];
  try {
    const { status, body } = await fetch(url, { headers, signal: stop.signal });
    must(status === 200 && body !== null, `GET /events must be 200; it is ${status}`);
    let text = '';
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const frames = text.split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) {
        const id = /^id: (.*)$/m.exec(frame)?.[1];
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (id === undefined || data === undefined) continue;
        const parsed: unknown = JSON.parse(data);
        const change = { id, type: member(parsed, 'type'), box_id: member(parsed, 'box_id') };
        changes.push(change);
        if (fits(change)) return changes;
      }
    }
  } catch (error) {
    must(stop.signal.aborted, `GET /events broke: ${String(error)}`);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
  must(false, `the event that was waited for must come; there came ${changes.map(({ type }) => type).join(', ')}`);
  return changes;
}
