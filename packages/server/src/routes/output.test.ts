import { OutputTruncatedError } from 'boxlite/backend';
import { expect, test } from 'vitest';
import type { MemoryExecution } from '../testing/memory-execution.ts';
import { eventBytes, readEvents } from '../testing/sse.ts';
import { type TestServer, testServer } from '../testing/test-server.ts';

async function started(options: Parameters<typeof testServer>[0] = {}): Promise<{
  server: TestServer;
  execution: MemoryExecution;
  output: (headers?: Record<string, string>) => Promise<Response>;
}> {
  const server = testServer(options);
  const box = await server.backend.create({}, 'a');
  const execution = await box.exec({ command: 'manual' });
  const path = `/v1/default/boxes/a/executions/${execution.id}/output`;
  return { server, execution, output: (headers = {}) => server.ask('GET', path, { headers }) };
}

test('output comes as events with ids, then the exit, then the end of the body', async () => {
  const { execution, output } = await started();
  execution.push('stdout', 'one');
  execution.push('stderr', 'two');
  execution.finish({ exitCode: 3 });
  const response = await output();
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  expect(await response.text()).toBe(
    'id: 3.0\nevent: stdout\ndata: {"data":"b25l"}\n\n' +
      'id: 3.3\nevent: stderr\ndata: {"data":"dHdv"}\n\n' +
      'event: exit\ndata: {"exit_code":3,"duration_ms":5}\n\n',
  );
});

test('the exit tells of signals, timeouts and errors', async () => {
  const { execution, output } = await started();
  execution.finish({ exitCode: 137, status: 'timed_out', signal: 'SIGKILL', errorMessage: 'took too long' });
  const [exit] = readEvents(await (await output()).text());
  expect(JSON.parse(exit?.data ?? '')).toEqual({
    exit_code: 137,
    duration_ms: 5,
    signal: 'SIGKILL',
    timed_out: true,
    error: 'took too long',
  });
});

test('Last-Event-ID resumes exactly after what was delivered', async () => {
  const { execution, output } = await started();
  execution.push('stdout', 'hello ');
  execution.push('stderr', 'warning');
  execution.push('stdout', 'world');
  execution.finish({ exitCode: 0 });
  const events = readEvents(await (await output({ 'last-event-id': '8.4' })).text());
  expect(events.map((event) => [event.event, event.id])).toEqual([
    ['stderr', '8.7'],
    ['stdout', '11.7'],
    ['exit', undefined],
  ]);
  expect(events.slice(0, 2).map((event) => eventBytes(event).toString())).toEqual(['ing', 'rld']);
});

test('a cursor beyond the end waits for the exit', async () => {
  const { execution, output } = await started();
  execution.push('stdout', 'abc');
  const response = await output({ 'last-event-id': '100.100' });
  execution.finish({ exitCode: 0 });
  expect(readEvents(await response.text()).map((event) => event.event)).toEqual(['exit']);
});

test.each(['x', '1', '1.2.3', '-1.0', '1.0x', '9'.repeat(30)])('Last-Event-ID %j is 400', async (id) => {
  const { output } = await started();
  expect((await output({ 'last-event-id': id })).status).toBe(400);
});

test('output that was cut ends with an error event and no exit', async () => {
  const { server, execution, output } = await started();
  execution.push('stdout', 'abc');
  execution.fail(new OutputTruncatedError('the log reached 4 GiB'));
  const events = readEvents(await (await output()).text());
  expect(events.map((event) => event.event)).toEqual(['stdout', 'error']);
  expect(JSON.parse(events[1]?.data ?? '')).toEqual({
    error: {
      message: 'the log reached 4 GiB',
      type: 'OutputTruncatedError',
      code: 'output_truncated',
      request_id: expect.any(String),
    },
  });
  expect(server.log.at(-1)).toMatchObject({ level: 'error', error: expect.any(OutputTruncatedError) });
});

test('a fault of the backend says nothing of the inside', async () => {
  const { execution, output } = await started();
  execution.fail(new TypeError('secret internals'));
  const text = await (await output()).text();
  expect(text).toContain('event: error');
  expect(text).not.toContain('secret');
  expect(text).not.toContain('event: exit');
});

test('silence is filled with comments, and output after it still comes', async () => {
  const { execution, output } = await started({ heartbeatMs: 5 });
  const reader = ((await output()).body ?? new ReadableStream<Uint8Array>()).getReader();
  const next = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
  expect(await next()).toBe(': keep-alive\n\n');
  expect(await next()).toBe(': keep-alive\n\n');
  execution.push('stdout', 'late');
  execution.finish({ exitCode: 0 });
  let rest = '';
  for (let piece = await next(); piece !== ''; piece = await next()) rest += piece;
  expect(readEvents(rest).map((event) => event.event)).toEqual(['stdout', 'exit']);
});

test('two readers see the same bytes, and a reader that leaves lets go of the output', async () => {
  const { execution, output } = await started();
  const one = await output();
  const two = (await output()).body?.getReader();
  execution.push('stdout', 'abc');
  await two?.read();
  expect(execution.readers).toBe(1);
  await two?.cancel();
  await expect.poll(() => execution.readers).toBe(0);
  execution.finish({ exitCode: 0 });
  expect(readEvents(await one.text()).map((event) => event.event)).toEqual(['stdout', 'exit']);
});

test('a reader that waits in silence is let go of, too', async () => {
  const { execution, output } = await started({ heartbeatMs: 5 });
  const reader = (await output()).body?.getReader();
  await reader?.read();
  expect(execution.readers).toBe(1);
  await reader?.cancel();
  await expect.poll(() => execution.readers).toBe(0);
});
