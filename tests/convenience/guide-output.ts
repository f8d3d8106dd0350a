import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { blocksOf } from '../page-blocks.ts';

/** Runs the blocks of the guide that show a kind of box, as one program with its box on the server of the environment; what it prints. */
export async function guideOutput(kind: 'BrowserBox' | 'ComputerBox', environment: NodeJS.ProcessEnv): Promise<string> {
  const blocks = await blocksOf('docs/guides/browser-and-desktop.md');
  const first = blocks.findIndex((block) => block.startsWith(`import { ${kind} }`));
  const rest = blocks.slice(first + 1);
  const next = rest.findIndex((block) => block.startsWith('import '));
  const shown = [blocks[first], ...(next < 0 ? rest : rest.slice(0, next))].join('');
  const source = shown
    .replace(`import { ${kind} }`, `import { ${kind}, Boxlite, BoxliteRestOptions }`)
    .replace(/\.create\((?:\{ )?/, (call) =>
      call.endsWith('{ ') ? `${call}runtime: server, ` : '.create({ runtime: server }',
    )
    .replace(`await using`, `const server = Boxlite.rest(BoxliteRestOptions.fromEnv());\nawait using`);
  const args = ['--input-type=module-typescript', '--eval', source];
  const cwd = join(import.meta.dirname, '../..');
  return (await promisify(execFile)(process.execPath, args, { cwd, env: environment })).stdout;
}
