import type { Command } from 'commander';
import { wholeNumber } from '../box-flags.ts';
import { existingBox, withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';

/** `boxlite restart`. */
export function registerRestart(program: Command): void {
  const command = program
    .command('restart')
    .description('stop boxes, without removing any, and start them again')
    .argument('<box...>', 'ids or names')
    .option(
      '--timeout <seconds>',
      'wait this long for its processes to end by themselves (30)',
      wholeNumber('--timeout'),
    )
    .action(async (names: readonly string[], flags: { readonly timeout?: number }) => {
      const options = flags.timeout === undefined ? {} : { timeoutMs: flags.timeout * 1000 };
      await withRuntime(command, (runtime) =>
        eachBox(names, async (name) => {
          await (await existingBox(runtime, name)).restart(options);
        }),
      );
    });
}
