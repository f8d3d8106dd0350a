import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const source = fileURLToPath(new URL('../../../../guest/net', import.meta.url));
/** How many inputs for each seed; more by hand, as BOXLITE_FUZZ_PARSERS=50000000 for a quarter of an hour. */
const rounds = Number(process.env['BOXLITE_FUZZ_PARSERS'] ?? 50_000);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxlite-fuzz-'));
  const files = ['fuzz/fuzz.c', 'fuzz/feed.c', 'address.c', 'message.c', 'head.c', 'request.c', 'response.c'].map(
    (file) => `${source}/${file}`,
  );
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  await run('gcc', [
    '-std=gnu11',
    '-O1',
    '-g',
    '-Wall',
    '-Wextra',
    '-Werror',
    ...sanitizers,
    '-o',
    `${folder}/fuzz`,
    ...files,
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

test.each([1, 2])(
  'the parsers of DNS, TLS, HTTP and rules stand mutated inputs (seed %i)',
  { timeout: 60_000 + rounds / 10 },
  async (seed) => {
    const { stdout } = await run(`${folder}/fuzz`, [String(seed), String(rounds)]);
    const [seeds, all] = stdout.split('\n').map((line) => line.split(' ').map(Number));
    // What is well formed is taken, so that the mutations start deep.
    expect(seeds).toEqual([1, 1, 3, 1, 1]);
    expect(Math.min(...(all ?? [0]))).toBeGreaterThan(300);
  },
);
