// Runs tests in a machine with cgroups of version 2: `node tests/cgroup-v2/run.ts [arguments of vitest]`, with BOXLITE_ENGINE as it is set.
import process from 'node:process';
import { testInMachine } from './vitest-run.ts';

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
const engine = process.env['BOXLITE_ENGINE'];
process.exitCode = await testInMachine(process.argv.slice(2), {
  env: engine === undefined ? {} : { BOXLITE_ENGINE: engine },
  onOutput: (bytes) => void process.stdout.write(bytes),
  timeoutMs: 3_600_000,
  signal: stopped.signal,
});
