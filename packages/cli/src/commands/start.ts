import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';

/** `boxlite start`. */
export function registerStart(program: Command): void {
  const command = program
    .command('start')
    .description('start boxes')
    .argument('<box...>', 'ids or names')
    .action(async (names: readonly string[]) => {
      await withRuntime(command, (runtime) =>
        eachBox(names, async (name) => {
          await (await existingBox(runtime, name)).start();
        }),
      );
    });
}
