import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { Boxlite, type Execution } from 'boxlite';
import { type ServerProcess, startServer } from '../../bench/server-process.ts';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';

/** The image of every test here. */
export const baseImage = 'boxlite/base:latest';

/** Asks until there is an answer; fails after `ms`, naming what did not come. */
export async function until<T>(what: string, ask: () => T | Promise<T>, ms = 20_000): Promise<NonNullable<T>> {
  for (const end = Date.now() + ms; Date.now() < end; await delay(10)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`this did not come within ${ms} ms: ${what}`);
}

/** A server process on a home directory that outlives it, as a crash leaves it. */
export interface Site extends AsyncDisposable {
  readonly home: string;
  readonly server: ServerProcess;
  readonly runtime: Boxlite;
  /** SIGKILL, then a new server on the same home directory. */
  crash(): Promise<void>;
}

/** Starts one; at the end its boxes are removed and the directory is deleted. */
export async function openSite(): Promise<Site> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-survival-'));
  let server = await startServer(home);
  let runtime = Boxlite.rest(server.options);
  return {
    home,
    get server() {
      return server;
    },
    get runtime() {
      return runtime;
    },
    async crash() {
      await server.kill();
      server = await startServer(home);
      runtime = Boxlite.rest(server.options);
    },
    async [Symbol.asyncDispose]() {
      for (const { id } of await runtime.listInfo()) await runtime.remove(id, { force: true });
      await server.stop();
      await removeHome(home);
    },
  };
}

/** What the host has of boxes below a home directory: mounts, containers, cgroups. */
export function leftovers(home: string, ids: readonly string[]): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const runsc = join(home, 'engine/runsc');
  const runscStates = existsSync(runsc) ? readdirSync(runsc) : [];
  const controllers = readdirSync('/sys/fs/cgroup');
  return ids.flatMap((id) => [
    ...mounts.filter((line) => line.includes(id)),
    ...[join(home, 'engine/runc', id), join('/run/boxlite', id), join('/sys/fs/cgroup/boxlite', id)].filter(existsSync),
    ...runscStates.filter((name) => name.startsWith(id)),
    ...controllers.map((name) => join('/sys/fs/cgroup', name, 'boxlite', id)).filter(existsSync),
  ]);
}

/** The process id of the host program of a home directory; throws when there is none. */
export function hostProgramOf(home: string): number {
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`--lock\0${join(home, 'lock')}\0`))
        return Number(name);
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error(`no host program runs for ${home}`);
}

/** Output as text, and how much of it there is of each stream. */
export interface Seen {
  text: string;
  readonly cursor: { stdout: number; stderr: number };
}

/** Reads on from what was seen before; ends with the output, or at the first line that `enough` likes. */
export async function readOn(execution: Execution, seen: Seen, enough: (text: string) => boolean = () => false) {
  for await (const { stream, data, offset } of execution.output({ from: { ...seen.cursor } })) {
    if (offset !== seen.cursor[stream]) throw new Error(`${stream} jumped from ${seen.cursor[stream]} to ${offset}`);
    seen.cursor[stream] += data.length;
    seen.text += new TextDecoder().decode(data);
    if (enough(seen.text)) return;
  }
}

/** Lets the event loop turn; a stretch of time that depends on the work in it, not on a clock. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate();
}

/** Aborts a command earlier and later, from before it starts to after, and waits until the box has none of them left. */
export async function abortEverywhere(runtime: Boxlite): Promise<void> {
  const box = await runtime.create({ image: baseImage });
  await box.start();
  for (let i = 0; i < 20; i++) {
    const abort = new AbortController();
    const run = box.run('sleep', ['4242'], { signal: abort.signal }).catch((error: unknown) => error);
    await turns(i * 3);
    const reason = new Error('enough');
    abort.abort(reason);
    if ((await run) !== reason) throw new Error(`not the reason of the abort: ${await run}`);
  }
  await until('no sleep is left', async () => !(await box.run('ps')).stdout.includes('sleep 4242'));
  await box.stop({ timeoutMs: 0 });
}
