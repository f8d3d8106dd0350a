import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { type Box, Boxlite, ExecutionLostError, NotFoundError } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { copyHome, removeHome } from '../../packages/runtime/src/testing/home-folder.ts';
import type { KillPoint } from './effects.ts';
import { baseImage, leftovers } from './harness.ts';
import type { Fact } from './scenarios.ts';

/** A home directory, and what scenarios take in. */
interface Place {
  readonly home: string;
  readonly input: string;
}

interface Doomed {
  readonly steps: readonly string[];
  readonly facts: readonly Fact[];
}

/** Goes through a scenario in a process of its own, killed at the point given. */
async function doomed(scenario: string, { home, input }: Place, point?: KillPoint): Promise<Doomed> {
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
  // Boxes too that nobody was told of.
  const everyId = await readdir(join(home, 'boxes'));
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
    expect(leftovers(home, created ? [created.id, ...everyId] : everyId)).toEqual([]);
    expect(await readdir(join(home, 'boxes'))).toEqual([]);
  } finally {
    await runtime.shutdown();
  }
  // What is being ended may take a moment; what stays is named.
  await expect.poll(() => processesOf(home).join('\n')).toBe('');
  expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(home);
}

/** Everything that goes wrong at a point, with the point's name; begins with a copy of the home directory `from`. */
async function trial(scenario: string, from: Place, point: KillPoint): Promise<string[]> {
  const home = await mkdtemp(join(dirname(from.home), 'home-'));
  await copyHome(from.home, home);
  let step = '';
  try {
    const { steps, facts } = await doomed(scenario, { ...from, home }, point);
    step = steps.at(-1) ?? '';
    await examine(home, facts);
    await removeHome(home);
    return [];
  } catch (error) {
    return [`killed ${point.side} step ${point.index} (${step}): ${error instanceof Error ? error.stack : error}`];
  }
}

/** Before each kind of step where it comes first; after it where it comes last and another process or the store does it. */
function killPoints(steps: readonly string[]): KillPoint[] {
  const kinds = steps.map((step) => step.replace(/\/(work-|tmp\/|cgroup\/).*/, '/$1'));
  return kinds.flatMap((kind, index): KillPoint[] => [
    ...(index === kinds.indexOf(kind) ? [{ index, side: 'before' } as const] : []),
    ...(index === kinds.lastIndexOf(kind) && /frame|sql/.test(kind) ? [{ index, side: 'after' } as const] : []),
  ]);
}

// 'whole', or a part of it, such as 2/4, where it takes too long at once.
const asked = process.env['BOXLITE_CRASH_MATRIX'];
const [, part, parts] = /^(\d+)\/(\d+)$/.exec(asked ?? '') ?? ['', '1', '1'];
const isWhole = asked !== undefined && asked !== '';
const fewKills = 6;

/** Where an engine is told to start or to let go of a box, and some of the rest, spread over all of it. */
function someOf(points: readonly KillPoint[], steps: readonly string[]): KillPoint[] {
  const stride = Math.ceil(points.length / fewKills);
  return points.filter(({ index }, i) => i % stride === 0 || /frame 1 (run|delete)/.test(steps[index] ?? ''));
}

/** Which points are left to BOXLITE_CRASH_MATRIX=whole. */
interface Left {
  /** Most of them, spread over all. */
  readonly some?: boolean;
  /** Those before the first such step: another scenario goes the same way until then. */
  readonly since?: RegExp;
}

/** Defines the test that goes through a scenario once for each point at which its process can be killed. */
export function killedAtEveryStep(scenario: string, { some = false, since }: Left = {}): void {
  const where =
    isWhole || !(some || since) ? 'any step' : some ? 'some of its steps' : `any step since ${since?.source}`;
  test(`${scenario}: killed at ${where}, it leaves nothing behind and loses nothing`, {
    timeout: isWhole ? 3_000_000 : 600_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boxlite-matrix-'));
    onTestFinished(() => removeHome(folder));
    const place = { home: join(folder, 'fresh'), input: join(folder, 'input') };
    await mkdir(place.input);
    await writeFile(join(place.input, 'file'), 'carried');
    // The base image is there already: that it comes whole is a matter of the scenario of images.
    const first = await Boxlite.local({ homeDir: place.home });
    await first.remove((await first.create({ image: baseImage })).id);
    await first.shutdown();
    const whole = join(folder, 'whole');
    await copyHome(place.home, whole);
    const { steps, facts } = await doomed(scenario, { ...place, home: whole });
    expect(facts.at(-1)).toEqual({ done: 'all' });
    const from = since && !isWhole ? steps.findIndex((step) => since.test(step)) : 0;
    expect(from).toBeGreaterThanOrEqual(0);
    const all = killPoints(steps).filter(({ index }) => index >= from);
    const points = (some && !isWhole ? someOf(all, steps) : all).filter(
      (_, i) => i % Number(parts) === Number(part) - 1,
    );
    expect(points).not.toEqual([]);
    console.log(`${scenario}: ${steps.length} steps, ${points.length} kills`);
    const wrong: string[] = [];
    const worker = async (): Promise<void> => {
      for (let point = points.shift(); point; point = points.shift())
        wrong.push(...(await trial(scenario, place, point)));
    };
    await Promise.all([worker(), worker()]);
    expect(wrong).toEqual([]);
  });
}
