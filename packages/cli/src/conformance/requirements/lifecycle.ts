import { bytesOf } from '../kit.ts';
import { member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { additions, generation1, permission } from '../server.ts';

/** Starting, stopping and removing, and what is counted meanwhile. */
export const lifecycleRequirements: readonly Requirement[] = [
  {
    id: 'lifecycle.start',
    text: 'start answers the running box as JSON, the second time too',
    clause: 'startBox',
    async check({ send, box }) {
      const id = await box();
      for (let times = 0; times < 2; times += 1) {
        const found = (await send('POST', `/boxes/${id}/start`)).is(200).json();
        same([member(found, 'box_id'), member(found, 'status')], [id, 'running'], 'box_id and status');
      }
    },
  },
  {
    id: 'lifecycle.stop',
    text: 'stop answers the stopped box as JSON, the second time too',
    clause: 'stopBox',
    async check({ send, box }) {
      const id = await box();
      (await send('POST', `/boxes/${id}/start`)).is(200);
      for (let times = 0; times < 2; times += 1) {
        const found = (await send('POST', `/boxes/${id}/stop`)).is(200).json();
        same([member(found, 'box_id'), member(found, 'status')], [id, 'stopped'], 'box_id and status');
      }
    },
  },
  {
    id: 'lifecycle.disk',
    text: 'what a box has on its disk is there after a stop and a start',
    clause: 'stopBox',
    async check({ send, box, shell, events, ended }) {
      const id = await box();
      await ended(await shell(id, 'echo kept > /root/kept && sync'));
      (await send('POST', `/boxes/${id}/stop`)).is(200);
      (await send('POST', `/boxes/${id}/start`)).is(200);
      same(bytesOf(await events(await shell(id, 'cat /root/kept')), 'stdout').toString(), 'kept\n', 'the file');
    },
  },
  {
    id: 'lifecycle.starts-by-itself',
    text: 'a command starts a box that does not run',
    clause: 'startExecution',
    async check({ send, box, shell, ended }) {
      const id = await box();
      await ended(await shell(id, 'true'));
      same(member((await send('GET', `/boxes/${id}`)).is(200).json(), 'status'), 'running', 'status');
    },
  },
  {
    id: 'lifecycle.restart',
    text: 'restart answers the running box, with its disk and without its processes',
    clause: 'restartBox',
    needs: [additions],
    async check({ send, box, shell, ended }) {
      const id = await box();
      const execution = await shell(id, 'sleep 1000');
      same(member((await send('POST', `/boxes/${id}/restart`)).is(200).json(), 'status'), 'running', 'status');
      must(member(await ended(execution), 'status') !== 'completed', 'a command of before must not be completed');
    },
  },
  {
    id: 'lifecycle.auto-remove',
    text: 'to a token, a box removes itself when it stops: stop is 200, then it is 404',
    clause: 'stopBox',
    async check({ server, box }) {
      const client = generation1(server);
      const id = await box({ auto_remove: true }, client);
      (await client.send('POST', `/boxes/${id}/start`)).is(200);
      same(member((await client.send('POST', `/boxes/${id}/stop`)).is(200).json(), 'box_id'), id, 'box_id');
      (await client.send('GET', `/boxes/${id}`)).is(404);
    },
  },
  {
    id: 'lifecycle.remove-running',
    text: 'removing a running box is 409 InvalidStateError without force, and 204 with it',
    clause: 'removeBox',
    async check({ send, box }) {
      const id = await box();
      (await send('POST', `/boxes/${id}/start`)).is(200);
      const answer = (await send('DELETE', `/boxes/${id}`)).is(409);
      same(member(answer.json(), 'error', 'type'), 'InvalidStateError', 'error.type');
      (await send('DELETE', `/boxes/${id}?force=true`)).is(204);
      (await send('GET', `/boxes/${id}`)).is(404);
    },
  },
  {
    id: 'lifecycle.remove-twice',
    text: 'what is removed is gone: 404 the second time, and its name is free',
    clause: 'removeBox',
    async check({ send, name, box }) {
      const called = name();
      const id = await box({ name: called });
      (await send('DELETE', `/boxes/${id}`)).is(204);
      (await send('DELETE', `/boxes/${id}`)).is(404);
      must((await box({ name: called })) !== id, 'a new box must have a new id');
    },
  },
  {
    id: 'lifecycle.box-metrics',
    text: 'a box’s metrics count its commands',
    clause: 'getBoxMetrics',
    async check({ send, box, shell, ended }) {
      const id = await box();
      await ended(await shell(id, 'true'));
      const metrics = (await send('GET', `/boxes/${id}/metrics`)).is(200).json();
      must(Number(member(metrics, 'commands_executed_total')) >= 1, 'commands_executed_total must be 1 at least');
    },
  },
  {
    id: 'lifecycle.runtime-metrics',
    text: 'the counters over all boxes go up',
    clause: 'getRuntimeMetrics',
    needs: [permission('runtime:read', 'runtime:admin')],
    async check({ send, box }) {
      const total = async (): Promise<number> =>
        Number(member((await send('GET', '/metrics')).is(200).json(), 'boxes_created_total'));
      const before = await total();
      await box();
      must((await total()) > before, 'boxes_created_total must go up by a new box');
    },
  },
];
