import fc from 'fast-check';
import { expect, it } from 'vitest';
import { text } from '../text.ts';
import { answers, demo, exit0, last, pieces, whole } from './testing/executed.ts';
import { type Answer, executionPath, exitText, json, serve, sse } from './testing/generation-1-server.ts';

it('runs a command with one request each to start it, to close stdin and to read it', async () => {
  await using server = await serve(answers(whole));
  const result = await (await demo(server.url)).run('echo', ['hi'], { env: { A: '1' }, timeoutMs: 1500, tty: false });
  expect(result).toEqual({
    stdout: 'hello',
    stderr: '\ufffd\0',
    exitCode: 0,
    signal: undefined,
    timedOut: false,
    durationMs: 7,
  });
  expect(server.seen).toHaveLength(4);
  expect(JSON.parse(server.seen[1]?.body ?? '')).toEqual({
    command: 'echo',
    args: ['hi'],
    env: { A: '1' },
    timeout_seconds: 1.5,
    tty: false,
  });
  const read = server.seen.find(({ url }) => url.endsWith('/output'));
  expect(read?.headers).toMatchObject({ 'x-boxlite-output': 'bytes', accept: 'text/event-stream' });
  const closed = server.seen.find(({ url }) => url.endsWith('/input'));
  expect(closed).toMatchObject({ body: '', headers: { 'x-close-stdin': 'true' } });
});

it('gives every byte once, in order, wherever connections are cut', async () => {
  const piece = fc.record({
    stream: fc.constantFrom('stdout', 'stderr'),
    data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.nat(400), { maxLength: 4 }),
      async (made, cuts) => {
        let connections = 0;
        const output: Answer = ({ headers }, response) => {
          const body = sse(made, last(headers), exit0);
          const at = cuts[connections++] ?? body.length;
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          if (at >= body.length) response.end(body);
          else response.write(body.subarray(0, at), () => response.destroy());
        };
        await using server = await serve(answers(output));
        const execution = await (await demo(server.url)).exec('x');
        const got = { stdout: [], stderr: [] } as Record<'stdout' | 'stderr', number[]>;
        for await (const { stream, data, offset } of execution.output()) {
          expect(offset).toBe(got[stream].length);
          got[stream].push(...data);
        }
        for (const stream of ['stdout', 'stderr'] as const) {
          expect(got[stream]).toEqual(made.filter((one) => one.stream === stream).flatMap((one) => [...one.data]));
        }
        expect(await execution.wait()).toMatchObject({ exitCode: 0 });
      },
    ),
    { numRuns: 40 },
  );
});

it('drops bytes that a server sends twice', async () => {
  let connections = 0;
  await using server = await serve(
    answers((_, response) => {
      const body = sse(pieces, undefined, exit0);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (++connections > 1) response.end(body);
      else response.write(body.subarray(0, body.length - 60), () => response.destroy());
    }),
  );
  expect(await text((await (await demo(server.url)).exec('x')).stdout)).toBe('hello');
  expect(connections).toBe(2);
});

it('takes missing bytes as an error', async () => {
  const gap = `event: stdout\nid: 9.0\ndata: {"data":"aGk="}\n\n${exit0}`;
  await using server = await serve(
    answers((_, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(gap)),
  );
  await expect((await demo(server.url)).run('x')).rejects.toMatchObject({
    code: 'network_failed',
    message: /bytes 0 to 7 of stdout did not come/,
  });
});

it('works with a server without ids as long as the connection holds', async () => {
  await using server = await serve(
    answers(
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(sse(pieces, undefined, exitText({ exit_code: 0 }), false)),
    ),
  );
  expect(await (await demo(server.url)).run('x')).toMatchObject({ stdout: 'hello', exitCode: 0 });
});

it('never takes a lost connection without ids for the end of the output', async () => {
  await using server = await serve(
    answers(
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(sse(pieces, undefined, '', false), () => response.destroy());
      },
      {
        [`GET ${executionPath}`]: (_, response) =>
          json(response, 200, { execution_id: 'e1', status: 'completed', exit_code: 0 }),
      },
    ),
  );
  const execution = await (await demo(server.url)).exec('x');
  await expect(text(execution.stdout)).rejects.toMatchObject({ code: 'network_failed', message: /output incomplete/ });
  expect(await execution.wait()).toMatchObject({ exitCode: 0 });
});

it('waits with a cursor beyond the end, so that no output moves', async () => {
  await using server = await serve(answers(whole));
  expect(await (await (await demo(server.url)).exec('x')).wait()).toMatchObject({ exitCode: 0, durationMs: 7 });
  expect(server.seen.at(-1)?.headers['last-event-id']).toBe('999999999999999.999999999999999');
  expect(server.seen).toHaveLength(3);
});

it('asks why a command failed where the exit does not tell', async () => {
  await using server = await serve(
    answers(
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(exitText({ exit_code: 143 })),
      {
        [`GET ${executionPath}`]: (_, response) =>
          json(response, 200, { execution_id: 'e1', status: 'timed_out', exit_code: 143 }),
      },
    ),
  );
  expect(await (await demo(server.url)).run('x')).toMatchObject({ exitCode: 143, timedOut: true });
});

it.each([
  ['ExecutionLostError', 'execution_lost'],
  ['OutputTruncatedError', 'output_truncated'],
])('throws the %s that the stream tells', async (type, code) => {
  const data = JSON.stringify({ message: 'told so', type, code: 410 });
  await using server = await serve(
    answers(
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`event: error\ndata: ${data}\n\n`),
    ),
  );
  const execution = await (await demo(server.url)).exec('x');
  await expect(text(execution.stdout)).rejects.toMatchObject({ code, message: 'told so' });
  await expect(execution.wait()).rejects.toMatchObject({ code });
});

it('refuses an exit code that the server does not know', async () => {
  await using server = await serve(
    answers(
      (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(exitText({ exit_code: null })),
      {
        [`GET ${executionPath}`]: (_, response) =>
          json(response, 200, { execution_id: 'e1', status: 'killed', exit_code: null }),
      },
    ),
  );
  await expect((await demo(server.url)).run('x')).rejects.toMatchObject({ code: 'execution_lost' });
});

it('sends stdin, signals and sizes as the protocol spells them', async () => {
  const sized: string[] = [];
  await using server = await serve(
    answers(whole, {
      [`POST ${executionPath}/resize`]: ({ body }, response) => {
        sized.push(body);
        response.writeHead(204).end();
      },
    }),
  );
  const execution = await (await demo(server.url)).exec('x');
  const writer = execution.stdin.getWriter();
  await writer.write(Buffer.from('in'));
  await writer.close();
  await execution.signal('SIGTERM');
  await execution.resize({ cols: 100, rows: 30 });
  expect(server.seen.slice(2).map(({ body }) => body)).toEqual(['in', '', '{"signal":15}', '{"cols":100,"rows":30}']);
  expect(server.seen[2]?.headers['content-type']).toBe('application/octet-stream');
});

it('closes the connection when a reader leaves, and throws the reason when it aborts', async () => {
  const closed = Promise.withResolvers<void>();
  await using server = await serve(
    answers((_, response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(pieces, undefined, ''));
    }),
  );
  const execution = await (await demo(server.url)).exec('x');
  const reader = execution.stdout.getReader();
  await reader.read();
  await reader.cancel();
  await closed.promise;
  const abort = new AbortController();
  const waiting = execution.wait({ signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
