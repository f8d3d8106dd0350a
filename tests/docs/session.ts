import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, without } from './environments.ts';
import { type Block, blocksOf, root } from './page.ts';
import { makePlace, type Place } from './place.ts';
import { hook, programsOf } from './program.ts';
import { type Running, start } from './running.ts';
import { openShell } from './shell.ts';

/** A reader who tries a page from its top to its end. */
export interface Session extends AsyncDisposable {
  /** Runs the next block; what it printed. Fails with all that it said. */
  run(block: Block): Promise<string>;
}

/** Makes a place for a page, with what its environment has; compiled programs are kept in the folder `cache`. */
export async function openSession(page: string, environment: Environment, cache: string): Promise<Session> {
  await using failed = new AsyncDisposableStack();
  const place = failed.use(await makePlace(environment, cache));
  // Programs find the packages by name, and are not left in the clone whatever happens.
  const modules = join(place.folder, 'modules');
  await mkdir(modules);
  await symlink(join(root, 'node_modules'), join(modules, 'node_modules'));
  failed.defer(() => removeBoxes(place));
  const shell = failed.use(openShell(place));
  if (environment.server) {
    const flags = environment.server.join(' ').replaceAll('~', place.home);
    await shell.run(`boxlite serve --port ${place.port} ${flags}\n`);
  }
  const prepared = failed.use(await environment.prepare?.(place, shell));
  const replacements = { ...environment.replaced, ...prepared?.replaced };
  const programs = programsOf(blocksOf(page));
  let running: Running | undefined;
  failed.defer(async () => running?.end());
  const atEnd = failed.move();

  async function continueProgram(block: Block): Promise<string> {
    const program = programs.find(({ blocks }) => blocks.some(({ line }) => line === block.line));
    if (!program) throw new Error('the block belongs to no program');
    if (program.blocks[0]?.line === block.line) {
      const file = join(modules, `${page.replaceAll('/', '-')}-${block.line}.ts`);
      const source = program.source.replace(hook, join(root, 'tests/docs/hook.ts'));
      await writeFile(file, replaced(source, replacements, place));
      await running?.end();
      running = start(file, place.cwd, await shell.environment());
    }
    if (!running) throw new Error('the program that this block goes on from did not start');
    return running.next(program.blocks.at(-1)?.line === block.line);
  }

  return {
    async run(block) {
      if (block.language === 'ts') return continueProgram(block);
      const code = replaced(without(block), replacements, place);
      if (block.language === 'sh') return shell.run(code);
      const file = join(place.home, block.language === 'js' ? 'program.mjs' : 'program.py');
      await writeFile(file, code);
      return shell.run(`${block.language === 'js' ? 'node' : 'python3'} '${file}'\n`);
    },
    [Symbol.asyncDispose]: () => atEnd.disposeAsync(),
  };
}

/** What is for the reader to fill in, and what belongs to the whole machine, as it is in this place. */
function replaced(code: string, replacements: Environment['replaced'], { home, port }: Place): string {
  const all = { 'https://boxes.example.com': 'http://127.0.0.1:8100', ...replacements };
  const here = Object.entries(all).reduce((text, [from, to]) => text.replaceAll(from, to.replaceAll('~', home)), code);
  return here.replaceAll('8100', `${port}`);
}

async function removeBoxes(place: Place): Promise<void> {
  const boxes = await readdir(join(place.home, '.boxlite/boxes')).catch(() => []);
  if (boxes.length > 0) await openShell(place).run('boxlite rm --all --force\n');
}
