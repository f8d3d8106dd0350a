import { readFileSync } from 'node:fs';
import { reportFailure } from './failure.ts';
import { boxliteProgram } from './program.ts';

/** Runs `boxlite` with the arguments after its name; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  quietWhenUnread();
  try {
    await boxliteProgram(ownVersion()).parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error, argv.includes('--debug'));
  }
}

/** A reader that goes away, such as `head`, is no fault of ours. */
function quietWhenUnread(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
