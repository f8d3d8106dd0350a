import { readFileSync } from 'node:fs';
import { reportFailure } from './failure.ts';
import { boxliteProgram } from './program.ts';
import { outputUnread } from './signals.ts';

/** Runs `boxlite` with the arguments after its name; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  watchOutput();
  const code = await exitCode(argv);
  // Whether it could be written is known once it is.
  await new Promise((written) => process.stdout.write('', written));
  if (!unwritten) return code;
  process.stderr.write(`Error: the output cannot be written: ${unwritten.message}\n`);
  return 1;
}

let unwritten: Error | undefined;

async function exitCode(argv: readonly string[]): Promise<number> {
  try {
    await boxliteProgram(ownVersion()).parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error, argv.includes('--debug'));
  }
}

/** A reader that goes away, such as `head`, is no fault of ours; an output that cannot be written, as to a full disk, is a failure. */
function watchOutput(): void {
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      outputUnread();
      if (error.code === 'EPIPE' || output === process.stderr) return;
      unwritten ??= error;
    });
  }
}

function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
