// Installs what dist/pack/ holds (scripts/pack.ts) as users of npm would, each package into an empty project of its own, type-checks
// its program (scripts/smoke-programs.ts) there and runs it on the oldest Node that it is for and on this one. Needs the engine, so root.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type SmokeProgram, smokePrograms } from './smoke-programs.ts';

const root = join(import.meta.dirname, '..');
const oldNode = (name: string): string => join(root, '.setup/other-runtimes/node_modules', name, 'bin/node');

const compilerOptions = {
  strict: true,
  module: 'nodenext',
  // What the oldest Node reads: it knows no `using`.
  target: 'es2022',
  lib: ['esnext', 'dom', 'dom.iterable', 'dom.asynciterable'],
  typeRoots: [join(root, 'node_modules/@types')],
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

/** The tarball of every staged package by its folder, made from copies of nothing but the staged files. */
async function tarballs(target: string): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>();
  for (const name of await readdir(join(root, 'dist/pack'))) {
    const folder = join(target, name);
    await mkdir(folder, { recursive: true });
    const file = await run(folder, 'npm', ['pack', '--silent', join(root, 'dist/pack', name)]);
    made.set(name, join(folder, file.trim()));
  }
  return made;
}

/** Installs a package into an empty project, and checks and runs its program there. */
async function smoke(project: string, program: SmokeProgram, packages: ReadonlyMap<string, string>): Promise<void> {
  const { folder, beside, oldest, source } = program;
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await writeFile(join(project, 'program.ts'), source);
  // The types of Node are for programs that use it: ours do without.
  const types = source.includes("'node:") ? ['node'] : [];
  const settings = { compilerOptions: { ...compilerOptions, types }, include: ['program.ts'] };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(settings));
  const needed = [folder, ...beside].map((name) => packages.get(name) ?? name);
  await run(project, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', ...needed]);
  await run(project, join(root, 'node_modules/.bin/tsc'), ['-p', '.']);
  for (const node of [oldNode(oldest), process.execPath]) {
    const printed = await run(project, node, ['program.js']);
    if (printed !== 'ok\n') throw new Error(`the program of ${folder} printed ${JSON.stringify(printed)} on ${node}`);
  }
}

/** On a Node that is too old for it, the local runtime and the command say so. */
async function refuse(folder: string): Promise<void> {
  for (const program of ['runtime/program.js', 'cli/node_modules/.bin/boxlite']) {
    const said = await run(folder, oldNode('node22-rest'), [program]).catch((error: unknown) => String(error));
    if (!said.includes('Node 22.20 or newer')) throw new Error(`on an old Node ${program} said ${said}`);
  }
}

const folder = await mkdtemp(join(tmpdir(), 'boxlite-smoke-'));
try {
  const packages = await tarballs(join(folder, 'tarballs'));
  // Two at a time: what takes long is npm.
  const waiting = smokePrograms.values();
  const worker = async (): Promise<void> => {
    for (const program of waiting) await smoke(join(folder, program.folder), program, packages);
  };
  await Promise.all([worker(), worker()]);
  await refuse(folder);
  const unknown = [...packages.keys()].filter((name) => !smokePrograms.some((program) => program.folder === name));
  if (unknown.length > 0) throw new Error(`no program in scripts/smoke-programs.ts for ${unknown.join(', ')}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
