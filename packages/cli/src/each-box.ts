import type { Box, StopOptions } from 'boxlite';
import { BoxliteError } from 'boxlite/backend';
import type { Command } from 'commander';
import { wholeNumber } from './box-flags.ts';
import { existingBox, withRuntime } from './connect.ts';
import { reportFailure } from './failure.ts';

/** Does the same to several boxes, printing each name that went well; those that fail do not stop the others. */
export async function eachBox(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  for (const name of names) {
    try {
      await work(name);
      process.stdout.write(`${name}\n`);
    } catch (error) {
      if (!(error instanceof BoxliteError)) throw error;
      process.exitCode = reportFailure(error, false);
    }
  }
}

/** A command that does the same to each of its boxes. */
export function addBoxesCommand(
  program: Command,
  verb: string,
  description: string,
  work: (box: Box) => Promise<unknown>,
): void {
  const command = program
    .command(verb)
    .description(description)
    .argument('<box...>', 'ids or names')
    .action((names: readonly string[]) => worked(command, names, work));
}

/** The same for what stops them, with the time that they get to end. */
export function addStoppingCommand(
  program: Command,
  verb: string,
  description: string,
  work: (box: Box, options: StopOptions) => Promise<unknown>,
): void {
  const command = program
    .command(verb)
    .description(description)
    .argument('<box...>', 'ids or names')
    .option(
      '--timeout <seconds>',
      'wait this long for its processes to end by themselves (30)',
      wholeNumber('--timeout'),
    )
    .action((names: readonly string[], { timeout }: { readonly timeout?: number }) =>
      worked(command, names, (box) => work(box, timeout === undefined ? {} : { timeoutMs: timeout * 1000 })),
    );
}

async function worked(command: Command, names: readonly string[], work: (box: Box) => Promise<unknown>): Promise<void> {
  await withRuntime(command, (runtime) =>
    eachBox(names, async (name) => {
      await work(await existingBox(runtime, name));
    }),
  );
}
