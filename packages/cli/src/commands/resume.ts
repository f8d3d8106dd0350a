import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';

/** `boxlite resume`. */
export function registerResume(program: Command): void {
  const command = program
    .command('resume')
    .description('let paused boxes go on')
    .argument('<box...>', 'ids or names')
    .action(async (names: readonly string[]) => {
      await withRuntime(command, (runtime) =>
        eachBox(names, async (name) => {
          await (await existingBox(runtime, name)).resume();
        }),
      );
    });
}
