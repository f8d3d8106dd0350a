import { like, member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { capability, generation1 } from '../server.ts';

const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Making boxes and looking at them. */
export const boxRequirements: readonly Requirement[] = [
  {
    id: 'boxes.create',
    text: 'a new box is 201 in the status configured, with Location and every field that clients require',
    clause: 'createBox',
    async check({ send, making, name, removeLater }) {
      const called = name();
      removeLater(`/boxes/${called}?force=true`);
      const answer = (await send('POST', '/boxes', { json: making({ name: called, auto_remove: false }) })).is(201);
      const box = answer.json();
      const id = like(member(box, 'box_id'), /^[\w.-]{1,128}$/, 'box_id');
      like(answer.headers.get('location'), new RegExp(`/v1/(.+/)?boxes/${id}$`), 'Location');
      same(member(box, 'name'), called, 'name');
      same(member(box, 'status'), 'configured', 'status');
      for (const field of ['created_at', 'updated_at']) like(member(box, field), time, field);
      like(member(box, 'image'), /./, 'image');
      for (const field of ['cpus', 'memory_mib'])
        must(Number.isInteger(member(box, field)), `${field} must be an integer`);
    },
  },
  {
    id: 'boxes.ulid',
    text: 'to a token a box’s id is a ULID, and Location begins with /v1/default/',
    clause: 'components/schemas/Box',
    async check({ server, making, removeLater }) {
      const client = generation1(server);
      const answer = await client.send('POST', '/boxes', { json: making({ auto_remove: false }) });
      const id = like(member(answer.is(201).json(), 'box_id'), ulid, 'box_id');
      removeLater(`/boxes/${id}?force=true`, client);
      like(answer.headers.get('location'), new RegExp(`/v1/default/boxes/${id}$`), 'Location');
    },
  },
  {
    id: 'boxes.name-taken',
    text: 'a name that is taken is 409 AlreadyExistsError',
    clause: 'components/responses/Conflict',
    async check({ send, making, name, box }) {
      const called = name();
      await box({ name: called });
      const answer = (await send('POST', '/boxes', { json: making({ name: called }) })).is(409);
      same(member(answer.json(), 'error', 'type'), 'AlreadyExistsError', 'error.type');
    },
  },
  {
    id: 'boxes.name-race',
    text: 'of requests for one name at once, one is 201 and the others are 409',
    clause: 'createBox',
    async check({ send, making, name, removeLater }) {
      const json = making({ name: name(), auto_remove: false });
      removeLater(`/boxes/${json['name']}?force=true`);
      const answers = await Promise.all(Array.from({ length: 4 }, () => send('POST', '/boxes', { json })));
      same(answers.map(({ status }) => status).sort(), [201, 409, 409, 409], 'the statuses');
    },
  },
  {
    id: 'boxes.bad-values',
    text: 'a value that is malformed or out of range is 400, and the message names the field',
    clause: 'components/schemas/CreateBoxRequest',
    async check({ send, making }) {
      const wrong = { name: '../x', cpus: 0, memory_mib: 'much', env: { A: 1 }, working_dir: 7 };
      for (const [field, value] of Object.entries(wrong)) {
        const answer = (await send('POST', '/boxes', { json: making({ [field]: value }) })).is(400);
        like(member(answer.json(), 'error', 'message'), new RegExp(field), `error.message for ${field}`);
      }
    },
  },
  {
    id: 'boxes.image-or-root',
    text: 'image and rootfs_path together are 400',
    clause: 'components/schemas/CreateBoxRequest',
    async check({ send }) {
      (await send('POST', '/boxes', { json: { image: 'alpine:latest', rootfs_path: '/root-of-nobody' } })).is(400);
    },
  },
  {
    id: 'boxes.null-is-absent',
    text: 'null for a member counts as absent, and a member that is not known is ignored',
    clause: 'info/description',
    async check({ box }) {
      await box({ name: null, cpus: null, env: null, working_dir: null, labels: null, member_of_the_future: [1] });
    },
  },
  {
    id: 'boxes.networks',
    text: 'a network may be nested, or flat',
    clause: 'components/schemas/NestedNetwork',
    async check({ box }) {
      await box({ network: { outbound: { mode: 'enabled' }, inbound: { mode: 'enabled' } } });
      await box({ network: { mode: 'enabled', allow_net: [] } });
    },
  },
  {
    id: 'boxes.lifetimes',
    text: 'auto_stop, auto_delete and auto_resume are taken and told, auto_stop by its former name too',
    clause: 'components/schemas/Box',
    async check({ send, box }) {
      const lifetimes = { auto_stop: 600, auto_delete: 7200, auto_resume: false };
      const found = (await send('GET', `/boxes/${await box(lifetimes)}`)).is(200).json();
      for (const [field, value] of Object.entries({ ...lifetimes, auto_pause: 600 })) {
        same(member(found, field), value, field);
      }
      const former = (await send('GET', `/boxes/${await box({ auto_pause: 900 })}`)).is(200).json();
      same(member(former, 'auto_stop'), 900, 'auto_stop');
    },
  },
  {
    id: 'boxes.get',
    text: 'a box is found by its id and by its name, as the same',
    clause: 'getBox',
    async check({ send, name, box }) {
      const called = name();
      const id = await box({ name: called });
      for (const one of [id, called]) {
        const found = (await send('GET', `/boxes/${one}`)).is(200).json();
        same([member(found, 'box_id'), member(found, 'name')], [id, called], 'box_id and name');
      }
    },
  },
  {
    id: 'boxes.missing',
    text: 'a box that is not there is 404 NotFoundError, whatever one does with it',
    clause: 'components/responses/NotFound',
    async check({ send }) {
      const path = '/boxes/nobody-has-this-name';
      for (const [method, rest, sent] of [
        ['GET', '', {}],
        ['DELETE', '', {}],
        ['POST', '/start', {}],
        ['POST', '/stop', {}],
        ['POST', '/exec', { json: { command: 'true' } }],
        ['GET', '/metrics', {}],
        ['GET', '/files?path=/etc', {}],
      ] as const) {
        const answer = (await send(method, `${path}${rest}`, sent)).is(404);
        same(member(answer.json(), 'error', 'type'), 'NotFoundError', `error.type of ${answer.request}`);
      }
    },
  },
  {
    id: 'boxes.head',
    text: 'HEAD is 204 for a box that is there and 404 for one that is not, both without a body',
    clause: 'boxExists',
    async check({ send, box }) {
      const found = (await send('HEAD', `/boxes/${await box()}`)).is(204);
      const missing = (await send('HEAD', '/boxes/nobody-has-this-name')).is(404);
      same([found.text, missing.text], ['', ''], 'the bodies');
    },
  },
  {
    id: 'boxes.get-or-create',
    text: 'of PUTs of one box at once, one is 201 and the others are 200 with the same box',
    clause: 'getOrCreateBox',
    needs: [capability('get_or_create_enabled')],
    async check({ send, making, name, removeLater }) {
      const path = `/boxes/${name()}`;
      removeLater(`${path}?force=true`);
      const json = making({ auto_remove: false });
      const answers = await Promise.all(Array.from({ length: 4 }, () => send('PUT', path, { json })));
      same(answers.map(({ status }) => status).sort(), [200, 200, 200, 201], 'the statuses');
      same(new Set(answers.map((one) => member(one.json(), 'box_id'))).size, 1, 'the number of boxes');
    },
  },
];
