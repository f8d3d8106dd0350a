import { expect, test } from 'vitest';
import { liveServer } from '../testing/live-server.ts';

const head = 'Host: a\r\nAuthorization: Bearer test-key\r\n';

test('a client that sends its head a byte at a time is cut, and so is one that sends nothing', async () => {
  const server = await liveServer({}, { limits: { headTimeoutMs: 300 } });
  const slow = await server.connect();
  let said = '';
  slow
    .on('error', () => {})
    .on('data', (piece) => {
      said += String(piece);
    });
  const closed = new Promise((resolve) => slow.once('close', resolve));
  const bytes = [...`GET /v1/config HTTP/1.1\r\n${head}`];
  const dripping = setInterval(() => slow.write(bytes.shift() ?? 'x'), 20);
  const silent = await server.connect();
  const silence = new Promise((resolve) =>
    silent
      .on('error', () => {})
      .resume()
      .once('close', resolve),
  );
  await Promise.all([closed, silence]);
  clearInterval(dripping);
  expect(said).toMatch(/^HTTP\/1\.1 408 /);
  expect((await server.call('GET', '/health')).status).toBe(200);
});

test('an archive that comes slower than the pace is 408, for an upload and for an import', async () => {
  const server = await liveServer({ pace: { windowMs: 200, bytes: 1000 } });
  await server.backend.create({}, 'a');
  for (const request of [
    `PUT /v1/default/boxes/a/files?path=/ HTTP/1.1\r\n${head}Content-Type: application/x-tar\r\n`,
    `POST /v1/default/boxes/import HTTP/1.1\r\n${head}Content-Type: application/octet-stream\r\n`,
  ]) {
    const raw = await server.raw(`${request}Content-Length: 5000\r\n\r\nsome bytes, and no more`);
    expect(raw).toMatch(/^HTTP\/1\.1 408 /);
    expect(raw).toContain('"type":"TimeoutError"');
  }
  // As much as a busy machine may stand still for.
  const patient = await liveServer({ pace: { windowMs: 10_000, bytes: 1000 } });
  await patient.backend.create({}, 'a');
  const brisk = new Blob(['x'.repeat(5000)]).stream();
  const init = { body: brisk, duplex: 'half', headers: { 'content-type': 'application/x-tar' } } as const;
  expect((await patient.call('PUT', '/v1/default/boxes/a/files?path=/', init)).status).toBe(204);
});

test('a client that never reads its answer is cut after a time, and what was read for it is let go of', async () => {
  const server = await liveServer({}, { limits: { stallTimeoutMs: 300 } });
  const box = await server.backend.create({}, 'a');
  const execution = await box.exec({ command: 'bytes', args: [`${1024 ** 3}`] });
  const socket = await server.connect();
  socket.pause();
  const asked = performance.now();
  socket.write(`GET /v1/default/boxes/a/executions/E1/output HTTP/1.1\r\n${head}\r\n`);
  await expect.poll(() => execution.readers, { timeout: 20_000 }).toBe(1);
  await expect.poll(() => execution.readers, { timeout: 20_000 }).toBe(0);
  expect(performance.now() - asked).toBeGreaterThan(300);
  expect(execution.generated).toBeLessThan(64 * 1024 * 1024);
});

test('connections beyond the most are closed at once, and there is room again when others end', async () => {
  const server = await liveServer({}, { limits: { maxConnections: 2 } });
  const held = await Promise.all([server.connect(), server.connect()]);
  await Promise.all(
    held.map(async (socket) => {
      socket.write(`GET /health HTTP/1.1\r\n${head}\r\n`);
      await new Promise((resolve) => socket.once('data', resolve));
    }),
  );
  expect(await server.raw(`GET /health HTTP/1.1\r\n${head}\r\n`)).toBe('');
  for (const socket of held) socket.destroy();
  await expect
    .poll(() => server.raw(`GET /health HTTP/1.1\r\n${head}Connection: close\r\n\r\n`))
    .toMatch(/^HTTP\/1\.1 200 /);
});

test('a head above the limit is 431, a JSON body above 1 MiB 413', async () => {
  const server = await liveServer({}, { limits: { maxHeaderBytes: 4096 } });
  expect(await server.raw(`GET /health HTTP/1.1\r\n${head}X: ${'x'.repeat(5000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  const body = JSON.stringify({ name: 'a', labels: { x: 'x'.repeat(1024 * 1024) } });
  const init = { body, headers: { 'content-type': 'application/json' } };
  expect((await server.call('POST', '/v1/default/boxes', init)).status).toBe(413);
});
