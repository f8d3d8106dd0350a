// Installs what dist/pack/ holds (scripts/pack.ts) into an empty project, as a user of npm would: a typed program of ten
// lines makes a local box with it, and the command that it brings runs. Needs the engine, so root.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');

const program = `import { Boxlite, type BoxOptions } from 'boxlite';

await using runtime = await Boxlite.local();
const options: BoxOptions = { image: 'boxlite/base:latest', memoryMib: 128 };
await using box = await runtime.create(options);
const { stdout, exitCode } = await box.run('echo', ['hi']);
if (exitCode !== 0) throw new Error(\`exit code \${exitCode}\`);
console.log(stdout.trim());
`;

const settings = {
  compilerOptions: {
    noEmit: true,
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    lib: ['esnext', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: [],
  },
  include: ['program.ts'],
};

/** Runs a program to its end; what it printed. Fails with all its output. */
async function run(cwd: string, file: string, args: readonly string[]): Promise<string> {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH: path, BOXLITE_HOME: join(cwd, 'home') };
  try {
    return (await promisify(execFile)(file, args, { cwd, env })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(' ')} failed\n${stdout}${stderr}`, { cause: error });
  }
}

function same(what: string, found: string, wanted: string): void {
  if (found !== wanted) throw new Error(`${what} printed ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

/** The tarballs of every staged package, made in `folder` from copies of nothing but the staged files. */
async function tarballs(folder: string): Promise<readonly string[]> {
  await mkdir(folder);
  const staged = (await readdir(join(root, 'dist/pack'))).map((name) => join(root, 'dist/pack', name));
  await run(folder, 'npm', ['pack', '--silent', ...staged]);
  return (await readdir(folder)).map((name) => join(folder, name));
}

const folder = await mkdtemp(join(tmpdir(), 'boxlite-smoke-'));
try {
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(join(project, 'program.ts'), program);
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings));
  const packages = await tarballs(join(folder, 'tarballs'));
  await run(project, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', ...packages]);
  await run(project, join(root, 'node_modules/.bin/tsc'), ['-p', '.']);
  same('the program', await run(project, process.execPath, ['program.ts']), 'hi\n');
  const boxlite = join(project, 'node_modules/.bin/boxlite');
  same('boxlite run', await run(project, boxlite, ['run', '--rm', 'boxlite/base:latest', 'echo', 'hi']), 'hi\n');
} finally {
  await rm(folder, { recursive: true, force: true });
}
