import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Boxlite } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cannotWithoutRoot } from '../contract/without-root.ts';
import { type UserHome, userHome } from './as-user.ts';
import { fillDisk, filledDisk, lookAtDisk } from './travelling-disk.ts';

let home: UserHome;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-rootless-'));
  home = await userHome();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

test('as an ordinary user whose home is closed to all others, boxes keep the contract but for what is listed, hold what is in them, survive, and travel', {
  timeout: 900_000,
}, async () => {
  await using runtime = await Boxlite.local({ homeDir: join(folder, 'home') });
  const box = await runtime.create({ image: 'boxlite/base:latest' });
  await box.run('sh', ['-c', fillDisk]);
  await box.exportTo(join(folder, 'from-root.boxlite'));
  await writeFile(join(home.path, 'from-root.boxlite'), await readFile(join(folder, 'from-root.boxlite')));
  expect((await stat(home.path)).mode & 0o777).toBe(0o700);

  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/rootless/vitest.config.ts'];
  const report = join(home.path, 'report.json');
  const options = ['--configLoader', 'native', '--reporter', 'json', '--outputFile', report];
  const { code, output } = await home.node([...vitest, ...options], {
    BOXLITE_CONTRACT: 'Boxlite.local',
    BOXLITE_TRAVEL: home.path,
  });
  const text = await readFile(report, 'utf8').catch(() => '');
  expect(text, output.slice(-4000)).not.toBe('');
  const { testResults } = JSON.parse(text) as {
    readonly testResults: readonly { readonly message: string; readonly assertionResults: readonly Outcome[] }[];
  };
  const outcomes = testResults.flatMap(({ assertionResults }) => assertionResults);
  const of = (status: string): readonly Outcome[] => outcomes.filter((outcome) => outcome.status === status);
  expect(of('failed').map(({ title, failureMessages }) => [title, ...failureMessages])).toEqual([]);
  expect(testResults.map(({ message }) => message).filter((message) => message !== '')).toEqual([]);
  const listed = Object.keys(cannotWithoutRoot);
  const unlisted = outcomes.filter(
    ({ status, title, ancestorTitles }) =>
      status !== 'passed' && ![title, ...ancestorTitles].some((each) => listed.includes(each)),
  );
  expect(unlisted).toEqual([]);
  expect(of('passed').length).toBeGreaterThan(200);
  expect(code, output.slice(-4000)).toBe(0);
  console.log(`as an ordinary user: ${of('passed').length} passed, ${outcomes.length - of('passed').length} cannot be`);

  const archive = Readable.toWeb(createReadStream(join(home.path, 'from-user.boxlite')));
  const back = await runtime.importBox(archive as ReadableStream<Uint8Array>);
  expect((await back.run('sh', ['-c', lookAtDisk])).stdout).toBe(filledDisk);
});
