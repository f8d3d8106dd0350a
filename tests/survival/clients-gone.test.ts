import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Box } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootless } from '../../packages/runtime/src/testing/home-folder.ts';
import { abortEverywhere, baseImage, openSite, type Site, turns, until } from './harness.ts';

let site: Site;
let box: Box;
let token: string;

beforeAll(async () => {
  site = await openSite();
  box = await site.runtime.create({ image: baseImage, autoRemove: false, ...(!rootless && { memoryMib: 1024 }) });
  await box.run('dd', ['if=/dev/zero', 'of=/big', 'bs=1M', 'count=64']);
  const body = 'grant_type=client_credentials&client_id=bench&client_secret=bench-secret';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${site.server.url}/v1/oauth/tokens`, { method: 'POST', headers, body });
  token = JSON.parse(await answer.text()).access_token;
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

/** A connection that has sent a request and reads nothing of what comes back. */
function ask(method: string, path: string, headers: readonly string[] = [], body = new Uint8Array()): Socket {
  const socket = connect(Number(new URL(site.server.url).port), '127.0.0.1').pause();
  socket.on('error', () => {});
  const first = [`${method} /v1/default/boxes/${box.id}${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${token}`];
  socket.write(`${[...first, ...headers].join('\r\n')}\r\n\r\n`);
  socket.write(body);
  return socket;
}

async function processes(): Promise<string[]> {
  const lines = (await box.run('ps')).stdout.trim().split('\n').slice(1);
  return lines.filter((line) => !/ ps$|guest --fd/.test(line));
}

function residentMib(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${site.server.pid}/status`, 'utf8'))?.[1]) / 1024;
}

test('a reader that takes nothing costs the server no memory and stops neither its execution nor any other', async () => {
  const idle = residentMib();
  const execution = await box.exec('dd', ['if=/dev/zero', 'bs=1M', 'count=512', 'status=none']);
  const reader = ask('GET', `/executions/${execution.id}/output`);
  let ended = false;
  const end = execution.wait().finally(() => {
    ended = true;
  });
  let most = 0;
  while (!ended) {
    expect((await box.run('echo', ['beside'])).stdout).toBe('beside\n');
    most = Math.max(most, residentMib());
  }
  expect((await end).exitCode).toBe(0);
  expect(most - idle).toBeLessThan(200);
  reader.destroy();
});

test('clients that vanish in the middle of a transfer or a start leave no process in the box, and the server stands', async () => {
  const archive = Buffer.alloc(300_000);
  archive.write('f');
  archive.write('0000644\0', 100);
  archive.write('00001000000\0', 124);
  archive.write('ustar\x0000', 257);
  archive.write('        0', 148);
  archive.write(
    `${archive
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const tar = ['content-type: application/x-tar', 'content-length: 9000000'];
  const command = '{"command":"sleep","args":["777"]}';
  const json = ['content-type: application/json', `content-length: ${command.length}`];
  for (let i = 0; i < 12; i++) {
    const sockets = [
      ask('GET', '/files?path=/big'),
      ask('PUT', '/files?path=/up', tar, archive),
      ask('POST', '/exec', json, Buffer.from(command)),
      ask('GET', '/exec/tty?command=sh', [
        'upgrade: websocket',
        'connection: Upgrade',
        'sec-websocket-version: 13',
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      ]),
    ];
    // From before the request has come to well into its answer; the command's start is the shortest of them.
    await turns(i * 20);
    for (const socket of sockets) socket.destroy();
  }
  // A command whose answer was on its way when the client left is known by nobody but the box.
  const known = async (): Promise<boolean> => (await processes()).every((line) => line.includes('sleep 777'));
  await until('transfers and terminals are gone', known);
  expect((await site.runtime.getInfo(box.id))?.status).toBe('running');
});

test('an abort at any moment leaves no command behind on a server', async () => {
  await abortEverywhere(site.runtime);
});
