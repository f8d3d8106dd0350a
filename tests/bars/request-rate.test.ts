import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { requestRate } from './request-rate.ts';

const key = 'a-key-of-this-test';

/** Starts a server in a process of its own; its URL. Its log goes to a file, as an operator's would. */
async function started(args: readonly string[]): Promise<string> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  for await (const line of createInterface(child.stdout)) {
    const url = /^listening on (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return url;
  }
  throw new Error(`${args[0]} ended before it listened`);
}

// The goal is a half (issue 4). On a quiet machine 0.61 to 0.70 was seen of it one after another, and 0.38 to 0.44 at 64 at
// a time, where it is not reached; what is held here leaves room for worse.
const goal = 0.5;
const held = 0.3;

test(`getBox answers at least ${held} times as often as a bare hono route, one after another and 64 at a time`, {
  timeout: 120_000,
}, async () => {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-rate-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const serve = ['packages/cli/bin/boxlite.mjs', 'serve', '--port', '0', '--home', home, '--api-key', key];
  const [ours, bare] = await Promise.all([started(serve), started(['tests/bars/bare-hono.ts'])]);
  const runtime = Boxlite.rest({ url: ours, credential: new ApiKeyCredential(key) });
  const { id } = await runtime.create({ image: 'boxlite/base:latest' });
  const common = { path: `/v1/default/boxes/${id}`, headers: { authorization: `Bearer ${key}` } };
  for (const url of [ours, bare]) await requestRate(url, { ...common, count: 3000, connections: 16 });
  for (const connections of [1, 64]) {
    // In turns, so that what else the machine does falls on both; the middle of the shares says most.
    const rounds: { readonly ours: number; readonly bare: number; readonly share: number }[] = [];
    for (let round = 0; round < 7; round++) {
      const how = { ...common, count: 1500, connections };
      const [bareRate, oursRate] = [await requestRate(bare, how), await requestRate(ours, how)];
      rounds.push({ ours: oursRate, bare: bareRate, share: oursRate / bareRate });
    }
    const middle = rounds.toSorted((a, b) => a.share - b.share)[3];
    const rates = `${middle?.ours.toFixed(0)}/s, bare hono ${middle?.bare.toFixed(0)}/s`;
    console.log(`getBox, ${connections} at a time: ${rates}: ${middle?.share.toFixed(2)} of it; the goal is ${goal}`);
    expect(middle?.share).toBeGreaterThan(held);
  }
  await runtime.remove(id);
});
