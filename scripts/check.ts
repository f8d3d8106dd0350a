// The one gate: every check in turn, one line each, the output of those that fail. `--no-tests` leaves the tests out.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

type Command = readonly [program: string, ...args: string[]];

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const script = (name: string): Command => [process.execPath, join(root, 'scripts', name)];

/** Checks that stand alone; those of the packed packages follow once `pack` has staged them. */
const checks: readonly (readonly [name: string, command: Command])[] = [
  ['format and lint', [bin('biome'), 'ci', '--colors=off', '--error-on-warnings', root]],
  ['types', [bin('tsc'), '-p', join(root, 'tsconfig.json')]],
  ['directions', script('directions.ts')],
  ['unused code', [bin('knip'), '--no-progress']],
  ['spec', [bin('redocly'), 'lint', join(root, 'spec/openapi.yaml')]],
  ['size', script('size.ts')],
  ['pack', script('pack.ts')],
];

function packedChecks(): readonly (readonly [string, Command])[] {
  const folders = readdirSync(join(root, 'dist/pack'));
  const linted = folders.flatMap((name): (readonly [string, Command])[] => {
    const folder = join(root, 'dist/pack', name);
    return [
      [`publint ${name}`, [bin('publint'), 'run', folder, '--strict']],
      [`attw ${name}`, [bin('attw'), '--pack', folder, '--profile', 'esm-only', '--no-emoji', '--no-color']],
    ];
  });
  return [...linted, ['install and run', script('smoke-pack.ts')]];
}

/** Runs a check; its output when it failed, undefined when it passed. */
async function outputOnFailure([program, ...args]: Command): Promise<Buffer | undefined> {
  const env = { ...process.env, NO_COLOR: '1', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return code === 0 ? undefined : Buffer.concat(output);
}

async function passes(name: string, command: Command): Promise<boolean> {
  const from = performance.now();
  const output = await outputOnFailure(command);
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  process.stdout.write(`${output ? 'FAILED' : 'ok'} ${name} ${seconds} s\n`);
  if (output) process.stdout.write(output);
  return output === undefined;
}

const failed: string[] = [];
for (const [name, command] of checks) if (!(await passes(name, command))) failed.push(name);
if (!failed.includes('pack')) {
  for (const [name, command] of packedChecks()) if (!(await passes(name, command))) failed.push(name);
}
if (!process.argv.includes('--no-tests')) {
  const [program, ...args] = script('test.ts');
  const child = spawn(program, args, { cwd: root, stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) failed.push('tests');
}
process.stdout.write(failed.length === 0 ? 'all checks passed\n' : `failed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
