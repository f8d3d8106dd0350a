import { expect, it, vi } from 'vitest';
import { Boxlite } from '../boxlite.ts';
import { BoxliteError } from '../errors.ts';
import { answers, demo, exit0, pieces, whole } from './testing/executed.ts';
import {
  type Answer,
  boxPath,
  executionPath,
  json,
  type Seen,
  box as sandbox,
  serve,
  sse,
} from './testing/generation-1-server.ts';

const keys: Readonly<Record<string, Answer>> = {
  'GET /v1/config': (_, response) => json(response, 200, { capabilities: { idempotency_key_lifetime: 'PT24H' } }),
};

function runs(first: Answer, output: Answer = whole): Readonly<Record<string, Answer>> {
  return answers(output, {
    [`POST ${boxPath}/exec`]: (seen, response) =>
      seen.headers.accept?.includes('text/event-stream')
        ? first(seen, response.setHeader('location', executionPath).setHeader('content-type', 'text/event-stream'))
        : json(response, 201, { execution_id: 'e1' }),
  });
}

it('runs a command with one request where the server gives its output with the answer', async () => {
  await using server = await serve(
    runs((_, response) => void response.writeHead(201).end(sse(pieces, undefined, exit0))),
  );
  const result = await (await demo(server.url)).run('echo');
  expect(result).toMatchObject({ stdout: 'hello', stderr: '\ufffd\0', exitCode: 0, durationMs: 7 });
  expect(server.seen).toHaveLength(2);
  expect(server.seen[1]?.headers).toMatchObject({
    accept: 'text/event-stream, application/json',
    'x-boxlite-output': 'bytes',
    'x-close-stdin': 'true',
  });
  // What is fed goes beside the output.
  await (await demo(server.url)).run('cat', [], { stdin: 'x' });
  expect(server.seen.slice(3).map(({ method, url }) => [method, url.split('/').at(-1)])).toEqual(
    expect.arrayContaining([
      ['POST', 'exec'],
      ['GET', 'output'],
      ['POST', 'input'],
    ]),
  );
});

it.each([
  ['nothing', []],
  ['two of three pieces', pieces.slice(0, 2)],
])('goes on with the output where an answer that has it breaks after %s', async (_, sent) => {
  const cut: Answer = (_, response) => {
    response.writeHead(201).flushHeaders();
    response.write(`: \n\n${sse(sent, undefined, '')}`, () => response.destroy());
  };
  await using server = await serve(runs(cut));
  expect(await (await demo(server.url)).run('echo')).toMatchObject({
    stdout: 'hello',
    stderr: '\ufffd\0',
    exitCode: 0,
  });
  expect(server.seen.map(({ method, headers }) => [method, headers['last-event-id']]).slice(1)).toEqual([
    ['POST', undefined],
    ['GET', sent.length === 0 ? undefined : '3.2'],
  ]);
});

it.each<[what: string, first: Answer]>([
  [
    'another place',
    (_, response) =>
      void response
        .setHeader('location', '/elsewhere')
        .writeHead(201)
        .end(sse([], '', '')),
  ],
  [
    'none',
    (_, response) => {
      response.removeHeader('location');
      response.writeHead(201).write(': \n\n');
    },
  ],
])('asks for the id, with the same key, where Location names %s', async (_, first) => {
  await using server = await serve({ ...runs(first), ...keys });
  expect(await (await demo(server.url)).run('echo')).toMatchObject({ stdout: 'hello', exitCode: 0 });
  const [one, other, ...more] = starts(server.seen);
  expect(more).toEqual([]);
  expect(other?.headers.accept).not.toContain('event-stream');
  expect([other?.body, other?.headers['x-close-stdin']]).toEqual([one?.body, 'true']);
  expect(other?.headers['idempotency-key']).toBe(one?.headers['idempotency-key']);
});

it('starts nothing again on a server without keys, and says what is missing', async () => {
  const nameless: Answer = (_, response) =>
    void response
      .setHeader('location', '/elsewhere')
      .writeHead(201)
      .end(sse(pieces, undefined, exit0));
  await using server = await serve(runs(nameless));
  await expect((await demo(server.url)).run('echo')).rejects.toMatchObject({
    code: 'network_failed',
    message: expect.stringContaining('did not tell its id'),
  });
  expect(starts(server.seen)).toHaveLength(1);
});

it('takes an answer whose type is spelled with capitals', async () => {
  await using server = await serve(
    runs((_, response) => {
      response.setHeader('content-type', 'Text/Event-Stream; Charset=UTF-8');
      response.writeHead(201).end(sse(pieces, undefined, exit0));
    }),
  );
  expect(await (await demo(server.url)).run('echo')).toMatchObject({ stdout: 'hello', exitCode: 0 });
  expect(server.seen).toHaveLength(2);
});

it('kills what it started when it is aborted and something on the way holds the answer back', async () => {
  const begun = Promise.withResolvers<void>();
  const killed = Promise.withResolvers<string>();
  await using server = await serve({
    ...runs(() => begun.resolve()),
    ...keys,
    [`POST ${executionPath}/signal`]({ body }, response) {
      response.writeHead(204).end();
      killed.resolve(body);
    },
  });
  const abort = new AbortController();
  const running = (await demo(server.url)).run('sleep', ['9'], { signal: abort.signal });
  await begun.promise;
  abort.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  expect(await killed.promise).toBe('{"signal":9}');
  const [one, other] = starts(server.seen);
  expect(other?.headers['idempotency-key']).toBe(one?.headers['idempotency-key']);
});

it('kills what it started when a proxy gives up waiting for the answer, and nothing after a refusal', async () => {
  const killed = Promise.withResolvers<string>();
  let status = 504;
  await using server = await serve({
    ...runs((_, response) => json(response, status, { error: { message: 'no', type: 'x', code: status } })),
    ...keys,
    [`POST ${executionPath}/signal`]({ body }, response) {
      response.writeHead(204).end();
      killed.resolve(body);
    },
  });
  const box = await demo(server.url, { attempts: 1 });
  await expect(box.run('sleep', ['9'])).rejects.toMatchObject({ code: 'timeout' });
  expect(await killed.promise).toBe('{"signal":9}');
  for (status of [400, 429, 503]) await expect(box.run('sleep', ['9'])).rejects.toThrow();
  await box.run('true', [], { stdin: '' });
  expect(starts(server.seen).map(({ headers }) => headers.accept?.includes('event-stream') ?? false)).toEqual([
    ...[true, false, true, true, true, false],
  ]);
});

it.each<[what: string, first: Answer]>([
  ['has nothing', (_, response) => void response.writeHead(204).end()],
  [
    'is said to be text',
    (_, response) => void response.setHeader('content-type', 'text/plain').end(sse(pieces, '', '')),
  ],
])('goes on with the output where an answer %s, but names the execution', async (_, first) => {
  await using server = await serve(runs(first));
  expect(await (await demo(server.url)).run('echo')).toMatchObject({ stdout: 'hello', exitCode: 0 });
  expect(starts(server.seen)).toHaveLength(1);
});

it.each<[what: string, config: Answer]>([
  ['is not there', (_, response) => json(response, 503, {})],
  ['is not JSON', (_, response) => void response.end('<html>')],
  ['tells of keys, but the id never comes', keys['GET /v1/config'] ?? (() => {})],
])('fails with an error of its own where there is no Location and the configuration %s', async (_, config) => {
  if (config === keys['GET /v1/config']) {
    const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
    vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(late);
  }
  const nameless: Answer = (_, response) => void response.setHeader('location', '/').writeHead(201).write(': \n\n');
  await using server = await serve({ ...runs(nameless), 'GET /v1/config': config });
  const failure = await (await demo(server.url)).run('echo').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(BoxliteError);
});

it('a box from a list runs with one request as well', async () => {
  await using server = await serve({
    ...runs((_, response) => void response.writeHead(201).end(sse(pieces, undefined, exit0))),
    'GET /v1/default/boxes': (_, response) => json(response, 200, { boxes: [sandbox] }),
    [`GET ${boxPath}`]: (_, response) => json(response, 200, sandbox),
  });
  for await (const box of Boxlite.rest({ url: server.url }).list())
    expect(await box.run('echo')).toMatchObject({ stdout: 'hello', exitCode: 0 });
  expect(server.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

it('lets go of the answer at whichever step it is aborted, over a transport that heeds no signal', async () => {
  for (let steps = 0; steps < 100; steps++) {
    const abort = new AbortController();
    const released = Promise.withResolvers<void>();
    const killed = Promise.withResolvers<void>();
    const answer = (): Response => {
      const body = new ReadableStream({ cancel: () => released.resolve() });
      const headers = { 'content-type': 'text/event-stream', location: executionPath };
      return new Response(body, { status: 201, headers });
    };
    const runtime = Boxlite.rest({
      url: 'http://127.0.0.1:1',
      async fetch({ url, method }) {
        if (method === 'GET') return Response.json(sandbox);
        if (url.endsWith('/signal')) killed.resolve();
        if (!url.endsWith('/exec')) return new Response(null, { status: 204 });
        void (async () => {
          for (let step = 0; step < steps; step++) await undefined;
          abort.abort(new Error('enough'));
        })();
        return answer();
      },
    });
    const running = (await runtime.get('demo'))?.run('sleep', ['9'], { signal: abort.signal });
    await expect(running).rejects.toThrow('enough');
    await killed.promise;
    await released.promise;
  }
});

function starts(seen: readonly Seen[]): Seen[] {
  return seen.filter(({ method, url }) => method === 'POST' && url === `${boxPath}/exec`);
}
