import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { type Box, Boxlite, ExecutionLostError, NotFoundError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KillPoint } from './effects.ts';
import { leftovers } from './harness.ts';
import { type Fact, scenarios } from './scenarios.ts';

let folder: string;
let input: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-matrix-'));
  input = join(folder, 'input');
  await mkdir(input);
  await writeFile(join(input, 'file'), 'carried');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Doomed {
  readonly steps: readonly string[];
  readonly facts: readonly Fact[];
}

/** Goes through a scenario in a process of its own, killed at the point given. */
async function doomed(scenario: string, home: string, point?: KillPoint): Promise<Doomed> {
  const program = join(import.meta.dirname, 'doomed.ts');
  const where = point ? [String(point.index), point.side] : [];
  const child = spawn(process.execPath, [program, home, input, scenario, ...where], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the scenario failed by itself: ${error}`);
  const lines = out.split('\n').filter((line) => line !== '');
  const read = lines.map((line) => JSON.parse(line) as { readonly step?: string; readonly fact?: Fact });
  return { steps: read.flatMap(({ step }) => step ?? []), facts: read.flatMap(({ fact }) => fact ?? []) };
}

/** Processes whose command line or environment names the home directory. */
function processesOf(home: string): string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command.includes(home) ? [`${name} ${command}`] : [];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}

/** How an execution ended; undefined where that is not known. */
async function exitOf(box: Box, id: string): Promise<{ exitCode: number; stdout: string } | undefined> {
  try {
    const execution = await box.execution(id);
    const { exitCode } = await execution.wait();
    return { exitCode, stdout: await new Response(execution.stdout).text() };
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof ExecutionLostError) return undefined;
    throw error;
  }
}

/** What a runtime that comes after the dead one must find: everything that was said to be done, and nothing else. */
async function examine(home: string, facts: readonly Fact[]): Promise<void> {
  const runtime = await Boxlite.local({ homeDir: home });
  try {
    const told = <T extends Fact['done']>(done: T): Extract<Fact, { done: T }>[] =>
      facts.filter((fact): fact is Extract<Fact, { done: T }> => fact.done === done);
    const [created] = told('created');
    const boxes = await runtime.listInfo();
    if (told('removed').length > 0) expect(boxes).toEqual([]);
    else if (created && told('removing').length === 0) expect(boxes.map(({ id }) => id)).toEqual([created.id]);
    expect(boxes.length).toBeLessThanOrEqual(1);
    for (const { status } of boxes) expect(['configured', 'running', 'stopped']).toContain(status);
    const last = facts.at(-1)?.done;
    const runs = created?.detached === true && (last === 'started' || last === 'execution' || last === 'copied');
    if (runs) expect(boxes[0]?.status).toBe('running');
    expect(
      leftovers(
        home,
        boxes.filter(({ status }) => status !== 'running').map(({ id }) => id),
      ),
    ).toEqual([]);
    for await (const box of runtime.list()) {
      for (const { execution, exitCode, stdout } of told('execution')) {
        const found = await exitOf(box, execution);
        // The guest of an attached box dies with the runtime: what it told in the last milliseconds may be lost, never wrong.
        if (found || created?.detached === true) expect(found).toEqual({ exitCode, stdout });
      }
      for (const { path, text: content } of told('copied')) expect((await box.run('cat', [path])).stdout).toBe(content);
      expect((await box.run('echo', ['usable'])).stdout).toBe('usable\n');
      await runtime.remove(box.id, { force: true });
    }
    const images = (await runtime.images.list()).map(({ reference }) => reference);
    if (told('image').length > 0 && told('removing').length === 0)
      expect(images).toContainEqual(expect.stringContaining('doomed'));
    if (created === undefined && told('removed').length > 0)
      expect(images).not.toContainEqual(expect.stringContaining('doomed'));
    expect(leftovers(home, created ? [created.id] : [])).toEqual([]);
    expect(await readdir(join(home, 'boxes'))).toEqual([]);
  } finally {
    await runtime.shutdown();
  }
  expect(processesOf(home)).toEqual([]);
  expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(home);
}

/** Everything that goes wrong at a point, with the point's name. */
async function trial(scenario: string, point: KillPoint): Promise<string[]> {
  const home = await mkdtemp(join(folder, 'home-'));
  let step = '';
  try {
    const { steps, facts } = await doomed(scenario, home, point);
    step = steps.at(-1) ?? '';
    await examine(home, facts);
    await rm(home, { recursive: true, force: true });
    return [];
  } catch (error) {
    return [`killed ${point.side} step ${point.index} (${step}): ${error instanceof Error ? error.stack : error}`];
  }
}

/** Each kind of step where it comes first and where it comes last; what another process or the store does, on both sides. */
function killPoints(steps: readonly string[]): KillPoint[] {
  const kind = (step: string): string => step.replace(/\/(work-|tmp\/|cgroup\/).*/, '/$1');
  const kinds = steps.map(kind);
  return kinds.flatMap((step, index): KillPoint[] => {
    if (index !== kinds.indexOf(step) && index !== kinds.lastIndexOf(step)) return [];
    const after = /frame|sql/.test(step) ? [{ index, side: 'after' } as const] : [];
    return [{ index, side: 'before' }, ...after];
  });
}

test.each(Object.keys(scenarios))(
  '%s: killed at any step, it leaves nothing behind and loses nothing',
  {
    timeout: 300_000,
  },
  async (scenario) => {
    const whole = join(folder, 'whole');
    const { steps, facts } = await doomed(scenario, whole);
    expect(facts.at(-1)).toEqual({ done: 'all' });
    await rm(whole, { recursive: true });
    const points = killPoints(steps);
    console.log(`${scenario}: ${steps.length} steps, ${points.length} kills`);
    const wrong: string[] = [];
    const worker = async (): Promise<void> => {
      for (let point = points.shift(); point; point = points.shift()) wrong.push(...(await trial(scenario, point)));
    };
    await Promise.all([worker(), worker()]);
    expect(wrong).toEqual([]);
  },
);
