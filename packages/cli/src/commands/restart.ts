import { InvalidStateError } from 'boxlite';
import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';

/** `boxlite restart`. */
export function registerRestart(program: Command): void {
  const command = program
    .command('restart')
    .description('stop boxes and start them again')
    .argument('<box...>', 'ids or names')
    .action(async (names: readonly string[]) => {
      await withRuntime(command, (runtime) =>
        eachBox(names, async (name) => {
          const box = await existingBox(runtime, name);
          if ((await box.info()).autoRemove) {
            throw new InvalidStateError(
              `box ${name} cannot restart: it was made to be removed when it stops (--rm, autoRemove); make it without`,
            );
          }
          await box.stop();
          await box.start();
        }),
      );
    });
}
