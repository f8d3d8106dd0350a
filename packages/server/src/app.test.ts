import { errorResponse, read } from '@boxlite/api';
import { describe, expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

async function errorOf(response: Response): Promise<{ message: string; type: string; code: number | string }> {
  return read(errorResponse, await response.json()).error;
}

describe('the envelope', () => {
  test('an unknown path is 404', async () => {
    const response = await testServer().ask('GET', '/v2/nothing');
    expect(await errorOf(response)).toMatchObject({ type: 'NotFoundError', code: 'not_found' });
    expect(response.status).toBe(404);
  });

  test('another method is 405 and Allow names those that are possible', async () => {
    const response = await testServer().ask('PATCH', '/v1/default/boxes/a');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD, PUT');
    expect(await errorOf(response)).toMatchObject({ code: 'unsupported' });
  });

  test('HEAD on a path that streams is 405, so that nothing is started for it', async () => {
    const response = await testServer().ask('HEAD', '/v1/default/boxes/a/executions/E1/output');
    expect(response.status).toBe(405);
    expect(await response.text()).toBe('');
  });

  test('malformed JSON is 400 and names the position', async () => {
    const response = await testServer().ask('POST', '/v1/default/boxes', {
      body: '{"name": oops}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await errorOf(response)).toMatchObject({
      type: 'InvalidArgumentError',
      code: 'invalid_argument',
      message: 'malformed JSON at position 9: a value was expected',
    });
  });

  test('a wrong field is 400 and names the field, what is allowed and what was given', async () => {
    const response = await testServer().ask('POST', '/v1/default/boxes', { json: { cpus: 99 } });
    expect(await errorOf(response)).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/cpus.*1 to 32.*99/),
    });
  });

  test('a wrong environment is named without its values', async () => {
    const { ask, backend } = testServer();
    await backend.create({}, 'a');
    const response = await ask('POST', '/v1/default/boxes/a/exec', { json: { command: 'x', env: { TOKEN: 1234567 } } });
    const { message } = await errorOf(response);
    expect(message).toContain('env.TOKEN');
    expect(message).not.toContain('1234567');
  });

  test.each(['text/plain', 'application/json; charset=latin1', 'application/jsonp', ''])(
    'Content-Type %j is 415',
    async (type) => {
      const response = await testServer().ask('POST', '/v1/default/boxes', {
        body: new Blob(['{}']),
        headers: { 'content-type': type },
      });
      expect(await errorOf(response)).toMatchObject({ code: 'invalid_argument' });
    },
  );

  test('a body that is not UTF-8 is 400', async () => {
    const response = await testServer().ask('POST', '/v1/default/boxes', {
      body: new Uint8Array([0x7b, 0xff, 0x7d]),
      headers: { 'content-type': 'application/json' },
    });
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_argument', message: 'the body is not valid UTF-8' });
  });

  test('a JSON body above 1 MiB is 413, with or without a length', async () => {
    const { ask } = testServer();
    const big = `{"image":"${'x'.repeat(1024 * 1024)}"}`;
    const headers = { 'content-type': 'application/json' };
    const sized = await ask('POST', '/v1/default/boxes', { body: big, headers });
    const chunked = await ask('POST', '/v1/default/boxes', { body: new Blob([big]).stream(), headers });
    expect(await errorOf(sized)).toMatchObject({ code: 'payload_too_large', type: 'PayloadTooLargeError' });
    expect(await errorOf(chunked)).toMatchObject({ code: 'payload_too_large', type: 'PayloadTooLargeError' });
  });

  test('percent-encoding that is no UTF-8 is 400', async () => {
    for (const path of ['/v1/default/boxes/%ff', '/v1/default/boxes/a%', '/v1/default/boxes?pageToken=%c3']) {
      expect(await errorOf(await testServer().ask('GET', path))).toMatchObject({ code: 'invalid_argument' });
    }
  });

  test('a fault of the backend is 500 without its text, and the log has it under the same request id', async () => {
    const { ask, backend, log } = testServer();
    await backend.create({}, 'a');
    const response = await ask('POST', '/v1/default/boxes/a/exec', { json: { command: 'crash' } });
    const { message, code, type } = await errorOf(response);
    expect({ code, type }).toEqual({ code: 'internal', type: 'InternalError' });
    expect(message).not.toContain('secret internals');
    const id = response.headers.get('x-request-id');
    expect(message).toContain(id);
    expect(log.find((entry) => entry.requestId === id)).toMatchObject({
      level: 'error',
      status: 500,
      error: expect.objectContaining({ message: 'secret internals' }),
    });
  });
});

describe('the shape of an error', () => {
  const jwt = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln';

  test('a token means generation 1, good or not: code is the status', async () => {
    const { ask } = testServer();
    const response = await ask('GET', '/v1/default/boxes', { headers: { authorization: `Bearer ${jwt}` } });
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: 'UnauthorizedError', code: 401 },
    });
    const nowhere = await ask('GET', '/v1/nowhere', { headers: { authorization: `Bearer ${jwt}` } });
    expect(await nowhere.json()).toMatchObject({ error: { code: 404 } });
    expect(await (await ask('POST', '/v1/oauth/tokens', { json: {} })).json()).toMatchObject({ error: { code: 415 } });
  });

  test.each(['Bearer test-key', 'Bearer other', 'Basic eyJ', ''])(
    '%j means generation 2: code is a word, and the request id is in the body as in the header',
    async (authorization) => {
      const response = await testServer().ask('GET', '/v1/default/boxes/none', { headers: { authorization } });
      const known = authorization === 'Bearer test-key';
      expect(await response.json()).toEqual({
        error: {
          message: expect.any(String),
          type: known ? 'NotFoundError' : 'AuthError',
          code: known ? 'not_found' : 'unauthenticated',
          request_id: response.headers.get('x-request-id'),
        },
      });
    },
  );
});

describe('X-Request-Id', () => {
  test('a sane one is echoed, on errors too', async () => {
    const response = await testServer().ask('GET', '/nowhere', { headers: { 'x-request-id': 'abc-1.2_3' } });
    expect(response.headers.get('x-request-id')).toBe('abc-1.2_3');
  });

  test('any other is replaced by a new one', async () => {
    const { ask } = testServer();
    for (const given of ['', 'a b', 'x'.repeat(129), '<script>']) {
      const response = await ask('GET', '/v1/config', { headers: { 'x-request-id': given } });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

test('the log names the request and who made it, but neither query nor credential', async () => {
  const { ask, log } = testServer();
  await ask('GET', '/v1/default/boxes?pageSize=5');
  expect(log).toEqual([
    {
      level: 'info',
      message: 'request',
      requestId: expect.any(String),
      operation: 'listBoxes',
      method: 'GET',
      path: '/v1/default/boxes',
      status: 200,
      durationMs: expect.any(Number),
      principal: 'api-key',
    },
  ]);
});
