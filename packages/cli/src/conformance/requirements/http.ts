import { like, list, member, must, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { caller } from '../wire.ts';

/** What holds for every request. */
export const httpRequirements: readonly Requirement[] = [
  {
    id: 'http.config',
    text: 'the configuration is public, with flags and limits of the right kinds',
    clause: 'getConfig',
    async check({ server: { config } }) {
      const capabilities = member(config, 'capabilities');
      must(typeof capabilities === 'object' && capabilities !== null, 'capabilities must be an object');
      for (const [name, value] of Object.entries(capabilities)) {
        if (value === null) continue;
        if (name.endsWith('_enabled')) same(typeof value, 'boolean', `the type of capabilities.${name}`);
        if (/^max_|_max_/.test(name)) same(Number(value) >= 0 && typeof value === 'number', true, `${name} >= 0`);
      }
      const presets = member(capabilities, 'supported_security_presets');
      if (presets !== undefined && presets !== null) list(presets, 'supported_security_presets');
    },
  },
  {
    id: 'http.request-id',
    text: 'every answer has an X-Request-Id, errors among them',
    clause: 'components/headers/X-Request-Id',
    async check({ server, send }) {
      const ids = [
        await server.anonymous.send('GET', '/config'),
        await server.anonymous.send('GET', '/me'),
        await send('GET', '/boxes'),
        await send('GET', '/boxes/nobody-has-this-name'),
        await send('GET', '/nothing-is-here'),
      ].map(({ request, headers }) => like(headers.get('x-request-id'), /./, `X-Request-Id of ${request}`));
      same(new Set(ids).size, ids.length, 'the number of different X-Request-Ids');
    },
  },
  {
    id: 'http.request-id-echo',
    text: 'a request’s own X-Request-Id is that of its answer; one that makes no sense is not',
    clause: 'components/headers/X-Request-Id',
    async check({ send, name }) {
      const id = name();
      const own = await send('GET', '/boxes', { headers: { 'x-request-id': id } });
      same(own.headers.get('x-request-id'), id, 'X-Request-Id');
      const odd = 'not <an> id';
      const other = await send('GET', '/boxes', { headers: { 'x-request-id': odd } });
      must(
        other.headers.get('x-request-id') !== odd,
        'X-Request-Id must be a new one where the request’s makes no sense',
      );
    },
  },
  {
    id: 'http.unknown-path',
    text: 'a path that is in no operation is 404, in the envelope of errors',
    clause: 'info/description',
    async check({ server, send }) {
      for (const answer of [await send('GET', '/nothing-is-here'), await server.anonymous.send('GET', '/a/b/c/d/e')]) {
        const error = member(answer.is(404).json(), 'error');
        like(member(error, 'message'), /./, 'error.message');
        like(member(error, 'type'), /^\w+$/, 'error.type');
      }
    },
  },
  {
    id: 'http.wrong-method',
    text: 'another method is 405, and Allow says which there are',
    clause: 'info/description',
    async check({ send }) {
      const answer = (await send('PATCH', '/boxes')).is(405);
      const allow = like(answer.headers.get('allow'), /./, 'Allow').split(/, ?/);
      for (const method of ['GET', 'POST']) must(allow.includes(method), `Allow must name ${method}`);
      like(member(answer.json(), 'error', 'message'), /./, 'error.message');
    },
  },
  {
    id: 'http.malformed-json',
    text: 'a body that is no JSON, or no object, is 400',
    clause: 'components/responses/BadRequest',
    async check({ send }) {
      const headers = { 'content-type': 'application/json' };
      for (const body of ['{"name":', '[]', '"text"', '']) {
        const answer = (await send('POST', '/boxes', { body, headers })).is(400);
        like(member(answer.json(), 'error', 'message'), /./, 'error.message');
      }
    },
  },
  {
    id: 'http.media-type',
    text: 'a body of another content type is 415',
    clause: 'components/responses/UnsupportedMediaType',
    async check({ send }) {
      (await send('POST', '/boxes', { body: 'name=x', headers: { 'content-type': 'text/csv' } })).is(415);
    },
  },
  {
    id: 'http.too-large',
    text: 'a JSON body of more than 1 MiB is 413',
    clause: 'components/responses/ContentTooLarge',
    async check({ send }) {
      (await send('POST', '/boxes', { json: { env: { A: 'x'.repeat(2 * 1024 * 1024) } } })).is(413);
    },
  },
  {
    id: 'http.percent-encoding',
    text: 'a name in a path may be percent-encoded, and no encoding makes the server fail',
    clause: 'components/parameters/BoxId',
    async check({ send, box, name }) {
      const called = name();
      await box({ name: called });
      (await send('GET', `/boxes/${called.replaceAll('-', '%2D')}`)).is(200);
      for (const odd of ['%00', '%2e%2e%2f', '%ff', 'a%20b', '%F0%9F%92%A9']) {
        const { status } = await send('GET', `/boxes/${odd}`);
        must(status === 400 || status === 404, `GET /boxes/${odd} must be 400 or 404; it is ${status}`);
      }
    },
  },
  {
    id: 'http.base-path',
    text: 'a path without the version is not the API',
    clause: 'info/description',
    async check({ server }) {
      const { origin } = new URL(server.anonymous.root);
      const { status } = await caller(origin, undefined).send('GET', '/v0/boxes');
      must(status === 404 || status === 401, `GET /v0/boxes must be 404, or 401; it is ${status}`);
    },
  },
];
