// What an idempotency key costs: the same requests with and without one, by turns, to one server in a process of its own.
// As root: node bench/keyed-requests.ts
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Boxlite } from 'boxlite';
import { startServer } from './server-process.ts';

const rounds = 300;
const home = await mkdtemp(join(tmpdir(), 'boxlite-bench-'));
const server = await startServer(home, '--attached');
const { token } = (await server.options.credential?.getToken({
  client: { resolve: ({ path }) => new URL(`/v1${path}`, server.url), send: fetch },
})) ?? { token: '' };
const runtime = Boxlite.rest(server.options);
const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false });
await box.start();

async function took(path: string, body: object, key: string | undefined): Promise<number> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...(key !== undefined && { 'idempotency-key': key }),
  };
  const from = performance.now();
  const url = `${server.url}/v1/default/boxes/${box.id}${path}`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return performance.now() - from;
}

for (const [what, path, body] of [
  ['start of a running box', '/start', {}],
  ['exec of true', '/exec', { command: 'true' }],
] as const) {
  const times: { without: number[]; with: number[] } = { without: [], with: [] };
  for (let i = 0; i < rounds; i++) {
    times.without.push(await took(path, body, undefined));
    times.with.push(await took(path, body, randomUUID()));
  }
  for (const [kind, all] of Object.entries(times)) {
    const sorted = all.slice(20).toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
    process.stdout.write(`${what}, ${kind} a key: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms\n`);
  }
}
await runtime.remove(box.id, { force: true });
await server.stop();
await rm(home, { recursive: true, force: true });
