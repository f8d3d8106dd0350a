import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { ApiKeyCredential, type Box, Boxlite } from 'boxlite';
import { expect, test } from 'vitest';
import { tarArchive, tarEntry } from '../../packages/runtime/src/tar/writer.ts';
import { observed } from '../../packages/server/src/testing/answers/observed.ts';
import { baseImage } from './harness.ts';

const program = join(import.meta.dirname, 'doomed-server.ts');
const key = 'doomed';
/** Once what will be done is noted and nothing of it is done. */
const noted = '0 after';
/** Once it is done and nobody has heard of it. */
const done = '1 before';
/** Once the rest of what a killed server had begun and noted is done. */
const resumed = '0 before';
/** Once the answer of what was done by a killed server is kept, and not sent. */
const kept = '0 after';

interface DoomedSite extends AsyncDisposable {
  readonly runtime: Boxlite;
  /** Does something while the server is killed at these points, one after another, each in the server after the last. */
  through<T>(points: readonly string[], work: () => Promise<T>): Promise<T>;
}

interface Running {
  readonly port: string;
  arm(point: string): Promise<void>;
  readonly exit: Promise<unknown>;
  end(): Promise<void>;
}

async function start(home: string, port: string, point?: string): Promise<Running> {
  const child = spawn(process.execPath, [...observed, program, home, port, key, ...(point ? [point] : [])], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stderr.pipe(process.stderr, { end: false });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const exit = once(child, 'exit');
  const { value } = await lines.next();
  if (value === undefined) throw new Error('the server ended before it listened');
  return {
    port: value,
    exit,
    async arm(point) {
      child.stdin.write(`${point}\n`);
      await lines.next();
    },
    async end() {
      child.stdin.end();
      await exit;
    },
  };
}

async function openDoomedSite(): Promise<DoomedSite> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-doomed-'));
  let server = await start(home, '0');
  const url = `http://127.0.0.1:${server.port}`;
  const retries = { attempts: 1000, baseMs: 20, maxMs: 50, totalMs: 30_000 };
  const runtime = Boxlite.rest({ url, credential: new ApiKeyCredential(key), retries });
  await runtime.config();
  return {
    runtime,
    async through(points, work) {
      await server.arm(points[0] ?? '');
      const killing = (async () => {
        for (const [i] of points.entries()) {
          await server.exit;
          server = await start(home, server.port, points[i + 1]);
        }
      })();
      const [result] = await Promise.all([work(), killing]);
      return result;
    },
    async [Symbol.asyncDispose]() {
      for (const { id } of await runtime.listInfo()) await runtime.remove(id, { force: true });
      await server.end();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const logOf = async (box: Box): Promise<string> => (await box.run('cat', ['/root/log'])).stdout;

test('a server killed in the middle of a request does not do it twice, nor not at all', {
  timeout: 120_000,
}, async () => {
  await using site = await openDoomedSite();
  const { runtime } = site;
  const make = (): Promise<Box> => runtime.create({ image: baseImage, autoRemove: false }, 'one');
  const box = await site.through([noted, done, kept], make);
  expect((await runtime.listInfo()).map(({ id }) => id)).toEqual([box.id]);
  await box.start();

  const execution = await site.through([noted, done, kept], () =>
    box.exec('sh', ['-c', 'echo ran >> /root/log; cat >> /root/log']),
  );
  const writer = execution.stdin.getWriter();
  await site.through([noted, resumed], () => writer.write(Buffer.from('typed\n')));
  const held = await runtime.get(box.id);
  expect(await logOf(box)).toBe('ran\ntyped\n');
  await writer.close();
  expect(await execution.wait()).toMatchObject({ exitCode: 0 });
  expect(await held?.execution(execution.id)).toMatchObject({ id: execution.id });

  const { startedAt } = await box.info();
  await site.through([done], () => box.restart());
  const { startedAt: since } = await box.info();
  expect(since).not.toEqual(startedAt);
  await site.through([done], () => box.snapshots.create('s'));
  expect(await box.snapshots.list()).toHaveLength(1);
  const copy = await site.through([done], () => box.clone({}, 'two'));
  expect((await runtime.listInfo()).map(({ id }) => id)).toEqual([box.id, copy.id]);
  await site.through([done], () => runtime.remove(copy.id));
  expect((await runtime.listInfo()).map(({ id }) => id)).toEqual([box.id]);
  await site.through([done], () => box.files.mkdir('/root/new', { mode: 0o700 }));
  await site.through([done], () => box.files.write('/root/new/one', 'written', { overwrite: false }));
  await site.through([done], () => box.files.remove('/root/log'));
  expect((await box.run('sh', ['-c', 'cd /root; ls; cat new/one'])).stdout).toBe('new\nwritten');

  const archive = new Uint8Array(tarArchive([tarEntry({ path: 'etc/motd' }, Buffer.from('imported'))]));
  const { reference } = await runtime.images.import(new Blob([archive]).stream(), 'example/imported:1');
  const { removed } = await site.through([noted, done], () => runtime.images.prune({ keep: [baseImage] }));
  expect(removed).toEqual([reference]);
  expect((await runtime.images.list()).map((image) => image.reference)).not.toContain(reference);
});

test('a server killed again and again under twenty who want one box makes one, and all get it', {
  timeout: 120_000,
}, async () => {
  await using site = await openDoomedSite();
  const { runtime } = site;
  const asked = await site.through([noted, done, kept], () =>
    Promise.all(
      Array.from({ length: 20 }, () => runtime.getOrCreate({ image: baseImage, autoRemove: false }, 'wanted')),
    ),
  );
  const [{ id } = { id: '' }, ...others] = await runtime.listInfo();
  expect(others).toEqual([]);
  expect(asked.map(({ box }) => box.id)).toEqual(asked.map(() => id));
  expect(asked.filter(({ created }) => created)).toHaveLength(1);
});
