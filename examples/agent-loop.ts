// An agent without a model: it writes a program, runs it in a box, reads the error, mends the program, and runs it again.
import type { Box, RunResult } from 'boxlite';
import { image, openRuntime } from './runtime.ts';

/** The next version of the program, given what the last one did; undefined when there is nothing more to try. */
type Decide = (seen: RunResult | undefined) => string | undefined;

const sum = 'for n in $(cat /work/numbers.txt); do total=$((total + n)); done';

// A real agent asks a model here. This one knows its one mistake beforehand.
const decide: Decide = (seen) => {
  if (seen === undefined) return `${sum}; ech $total`;
  return seen.stderr.includes('ech: not found') ? `${sum}; echo $total` : undefined;
};

async function attempt(box: Box, number: number, program: string): Promise<RunResult> {
  const path = `/work/attempt-${number}.sh`;
  await box.files.write(path, `${program}\n`);
  // Nobody has read it: it gets half a minute, and whatever the box allows.
  return box.run('sh', [path], { timeoutMs: 30_000 });
}

await using runtime = await openRuntime();
await using box = await runtime.create({ image, memoryMib: 256, network: 'none' });
await box.files.write('/work/numbers.txt', '1 2 3 4\n');

let seen: RunResult | undefined;
for (let number = 1; ; number++) {
  const program = decide(seen);
  if (program === undefined) break;
  seen = await attempt(box, number, program);
  const said = seen.exitCode === 0 ? seen.stdout : seen.stderr;
  console.log(`attempt ${number}: exit code ${seen.exitCode}, ${said.trim().split('\n').at(-1)}`);
}
console.log(seen?.exitCode === 0 ? `done: ${seen.stdout.trim()}` : 'given up');
