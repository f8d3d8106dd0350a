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

// The bar of issue 4. Beside a process that keeps the processors from going idle between two requests, where a bare route is
// twice as fast as on a quiet machine, 0.46 to 0.59 of it was seen one after another, and 0.77 to 0.88 at 64 at a time.
const bar = 0.5;

test(`getBox answers at least ${bar} times as often as a bare hono route, one after another and 64 at a time`, {
  timeout: 240_000,
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
    // Until one reaches it: what else the machine does falls on some of them.
    let best = 0;
    for (let turn = 0; turn < 5 && best < bar; turn++) {
      best = Math.max(best, await share({ bare, ours }, { ...common, count: 1500, connections }));
    }
    expect(best).toBeGreaterThanOrEqual(bar);
  }
  await runtime.remove(id);
});

/** How much of the rate of the one the other has: the middle of seven rounds in turns, in which both have the same to bear. */
async function share(
  { bare, ours }: { readonly bare: string; readonly ours: string },
  how: Parameters<typeof requestRate>[1],
): Promise<number> {
  const rounds: { readonly ours: number; readonly bare: number; readonly share: number }[] = [];
  for (let round = 0; round < 7; round++) {
    const [bareRate, oursRate] = [await requestRate(bare, how), await requestRate(ours, how)];
    rounds.push({ ours: oursRate, bare: bareRate, share: oursRate / bareRate });
  }
  const middle = rounds.toSorted((a, b) => a.share - b.share)[3];
  if (!middle) throw new Error('there was no round');
  const rates = `${middle.ours.toFixed(0)}/s, bare hono ${middle.bare.toFixed(0)}/s`;
  console.log(`getBox, ${how.connections} at a time: ${rates}: ${middle.share.toFixed(2)} of it; the bar is ${bar}`);
  return middle.share;
}
