import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';
import { listen } from './listen.ts';

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-tls-'));
  for (const name of ['first', 'second']) {
    const out = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    await run('openssl', ['req', '-x509', ...kind, ...out, '-subj', `/CN=${name}`]);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A server with TLS on a pair of files, at first those of the first certificate. */
async function secureServer(watchMs = 3_600_000): Promise<{
  readonly url: string;
  readonly port: number;
  readonly reloads: (Error | undefined)[];
  readonly reload: () => Promise<void>;
  readonly place: (name: string) => Promise<void>;
}> {
  const [certFile, keyFile] = [join(folder, 'cert'), join(folder, 'key')];
  const place = async (name: string): Promise<void> => {
    for (const [from, to] of [
      [`${name}.key`, keyFile],
      [`${name}.pem`, certFile],
    ] as const) {
      await run('cp', [join(folder, from), `${to}.new`]);
      await rename(`${to}.new`, to);
    }
  };
  await place('first');
  const reloads: (Error | undefined)[] = [];
  const tls = { certFile, keyFile, watchMs, onReload: (failure?: Error) => void reloads.push(failure) };
  const server = await listen(testServer().app, { port: 0, tls });
  onTestFinished(() => server.close({ graceMs: 0 }));
  return { url: server.url, port: server.port, reloads, reload: server.reloadCertificate, place };
}

/** The name in the certificate that a port shows. */
function shown(port: number): Promise<PeerCertificate['subject']['CN']> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerCertificate['subject']['CN']>();
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().subject.CN);
    socket.destroy();
  }).once('error', reject);
  return promise;
}

function status(url: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(`${url}/health`, { rejectUnauthorized: false, agent: false }, (response) => {
    resolve(response.resume().statusCode);
  })
    .once('error', reject)
    .end();
  return promise;
}

test('a server with a certificate speaks TLS and nothing else', async () => {
  const { url, port } = await secureServer();
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await status(url)).toBe(200);
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  expect(await status(url)).toBe(200);
});

test('a new certificate is taken up when the server is told to, and one that is none leaves the former', async () => {
  const { port, place, reload, reloads } = await secureServer();
  expect(await shown(port)).toBe('first');
  await place('second');
  await reload();
  expect(await shown(port)).toBe('second');
  await writeFile(join(folder, 'cert'), 'nonsense');
  await reload();
  expect(await shown(port)).toBe('second');
  expect(reloads).toEqual([undefined, expect.objectContaining({ message: expect.stringContaining('cannot be used') })]);
});

test('a new certificate is taken up by itself, too', async () => {
  const { port, place } = await secureServer(20);
  expect(await shown(port)).toBe('first');
  await place('second');
  await expect.poll(() => shown(port)).toBe('second');
});

test('a key of another certificate, or a file that is missing, is refused before anything listens', async () => {
  const { app } = testServer();
  const certFile = join(folder, 'first.pem');
  for (const keyFile of ['second.key', 'none']) {
    const tls = { certFile, keyFile: join(folder, keyFile) };
    await expect(listen(app, { port: 0, tls })).rejects.toMatchObject({ code: 'invalid_argument' });
  }
});
