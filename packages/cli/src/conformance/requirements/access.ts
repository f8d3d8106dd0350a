import { like, list, member, must, NotApplicable, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';
import { additions, bounded, generation1, generation2, permission } from '../server.ts';
import { caller } from '../wire.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Who gets in, and what is said to those who do not. */
export const accessRequirements: readonly Requirement[] = [
  {
    id: 'access.me',
    text: 'the credential has a subject, a kind and scopes',
    clause: 'getMe',
    async check({ server: { me } }) {
      like(member(me, 'sub'), /./, 'sub');
      like(member(me, 'principal_type'), /^(user|service_account)$/, 'principal_type');
      list(member(me, 'scopes'), 'scopes');
    },
  },
  {
    id: 'access.missing',
    text: 'a request without a credential is 401, wherever it goes',
    clause: 'components/responses/Unauthorized',
    async check({ server }) {
      (await server.anonymous.send('GET', '/me')).is(401);
      (await caller(server.tenant.root, undefined).send('GET', '/boxes')).is(401);
      (await caller(server.tenant.root, undefined).send('DELETE', '/boxes/nobody')).is(401);
    },
  },
  {
    id: 'access.wrong',
    text: 'a credential that nobody has is 401',
    clause: 'components/responses/Unauthorized',
    async check({ server }) {
      (await caller(server.tenant.root, 'nonsense').send('GET', '/boxes')).is(401);
      (await caller(server.tenant.root, 'e30.e30.c2lnbmF0dXJl').send('GET', '/boxes')).is(401);
    },
  },
  {
    id: 'access.error-words',
    text: 'to an API key the code of an error is a word, and request_id is what X-Request-Id says',
    clause: 'components/schemas/ErrorResponse',
    async check({ server }) {
      const answer = (await generation2(server).send('GET', '/boxes/nobody-has-this-name')).is(404);
      const error = member(answer.json(), 'error');
      like(member(error, 'message'), /./, 'error.message');
      same(member(error, 'type'), 'NotFoundError', 'error.type');
      same(member(error, 'code'), 'not_found', 'error.code');
      same(member(error, 'request_id'), answer.headers.get('x-request-id'), 'error.request_id');
    },
  },
  {
    id: 'access.error-words-anonymous',
    text: 'without a credential, too, the code of an error is a word',
    clause: 'components/schemas/ErrorResponse',
    async check({ server }) {
      const error = member((await server.anonymous.send('GET', '/me')).is(401).json(), 'error');
      same(member(error, 'type'), 'AuthError', 'error.type');
      same(member(error, 'code'), 'unauthenticated', 'error.code');
    },
  },
  {
    id: 'access.error-numbers',
    text: 'to a token the code of an error is the status',
    clause: 'components/schemas/ErrorResponse',
    async check({ server }) {
      const error = member(
        (await generation1(server).send('GET', '/boxes/nobody-has-this-name')).is(404).json(),
        'error',
      );
      like(member(error, 'message'), /./, 'error.message');
      same(member(error, 'type'), 'NotFoundError', 'error.type');
      same(member(error, 'code'), 404, 'error.code');
    },
  },
  {
    id: 'access.token',
    text: 'client credentials are exchanged for a bearer token',
    clause: 'getToken',
    async check({ server }) {
      generation1(server);
      const { id: client_id = '', secret: client_secret = '' } = server.target.client ?? {};
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret }).toString();
      const token = (await server.anonymous.send('POST', '/oauth/tokens', { body, headers: form })).is(200).json();
      same(member(token, 'token_type'), 'bearer', 'token_type');
      const seconds = member(token, 'expires_in');
      must(typeof seconds === 'number' && seconds > 0, 'expires_in must be seconds from now');
      const bearer = like(member(token, 'access_token'), /./, 'access_token');
      (await caller(server.anonymous.root, bearer).send('GET', '/default/boxes')).is(200);
    },
  },
  {
    id: 'access.token-refused',
    text: 'another grant is 400 and a wrong secret 401, with the status as the code',
    clause: 'getToken',
    async check({ server }) {
      generation1(server);
      const { id: client_id = '', secret } = server.target.client ?? {};
      for (const [grant_type, client_secret, status] of [
        ['password', secret ?? '', 400],
        ['client_credentials', 'not the secret', 401],
      ] as const) {
        const body = new URLSearchParams({ grant_type, client_id, client_secret }).toString();
        const answer = await server.anonymous.send('POST', '/oauth/tokens', { body, headers: form });
        same(member(answer.is(status).json(), 'error', 'code'), status, 'error.code');
      }
    },
  },
  {
    id: 'access.keys-of-tokens',
    text: 'the keys that tokens are checked by are public',
    clause: 'getJwks',
    needs: [additions],
    async check({ server }) {
      generation1(server);
      const { origin, pathname } = new URL(server.anonymous.root);
      const root = caller(`${origin}${pathname.replace(/\/v1$/, '')}`, undefined);
      const keys = list(member((await root.send('GET', '/.well-known/jwks.json')).is(200).json(), 'keys'), 'keys');
      must(keys.length > 0, 'keys must not be empty');
      for (const key of keys) same(member(key, 'd'), undefined, 'the secret part of a key');
    },
  },
  {
    id: 'access.default',
    text: 'the segment of the tenant may be default, or left out',
    clause: 'info/description',
    async check({ server, box }) {
      const id = await box();
      if (server.target.pathPrefix !== undefined) throw new NotApplicable('the tenant was chosen by --path-prefix');
      (await server.account.send('GET', `/default/boxes/${id}`)).is(200);
      (await server.account.send('GET', `/boxes/${id}`)).is(200);
    },
  },
  {
    id: 'access.no-such-tenant',
    text: 'a tenant that the credential is not of is 404, not 403',
    clause: 'components/responses/NotFound',
    needs: [bounded],
    async check({ server, name }) {
      (await server.account.send('GET', `/${name()}/boxes`)).is(404);
      (await server.account.send('POST', `/${name()}/boxes`, { json: {} })).is(404);
    },
  },
  {
    id: 'access.other-tenant',
    text: 'what another tenant has is 404, whatever one does with it',
    clause: 'components/responses/NotFound',
    async check({ server, box }) {
      const { other } = server;
      if (!other) throw new NotApplicable('no key of another tenant was given; see --other-api-key');
      const id = await box();
      const own = caller(server.anonymous.root, server.target.otherApiKey);
      for (const one of [other, own]) {
        (await one.send('GET', `/boxes/${id}`)).is(404);
        (await one.send('DELETE', `/boxes/${id}?force=true`)).is(404);
        (await one.send('POST', `/boxes/${id}/exec`, { json: { command: 'true' } })).is(404);
      }
      (await server.tenant.send('GET', `/boxes/${id}`)).is(200);
    },
  },
  {
    id: 'access.api-keys',
    text: 'an API key is made, told once, taken, listed without its value, and over once it is revoked',
    clause: 'createApiKey',
    needs: [additions, permission('api_key:write', 'runtime:admin')],
    async check({ server, send, name, removeLater }) {
      const key = name();
      removeLater(`/api-keys/${key}`);
      const made = (await send('POST', '/api-keys', { json: { name: key } })).is(201);
      like(made.headers.get('location'), new RegExp(`/api-keys/${key}$`), 'Location');
      const value = like(member(made.json(), 'value'), /./, 'value');
      const own = caller(server.anonymous.root, value);
      (await own.send('GET', '/me')).is(200);
      (await send('POST', '/api-keys', { json: { name: key } })).is(409);
      const all = (await send('GET', '/api-keys')).is(200);
      must(all.text.includes(key) && !all.text.includes(value), 'the list must name the key, without its value');
      (await send('DELETE', `/api-keys/${key}`)).is(204);
      (await own.send('GET', '/me')).is(401);
    },
  },
];
