import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';

/** `boxlite pause`. */
export function registerPause(program: Command): void {
  const command = program
    .command('pause')
    .description('freeze everything in boxes that run; using one again resumes it')
    .argument('<box...>', 'ids or names')
    .action(async (names: readonly string[]) => {
      await withRuntime(command, (runtime) =>
        eachBox(names, async (name) => {
          await (await existingBox(runtime, name)).pause();
        }),
      );
    });
}
