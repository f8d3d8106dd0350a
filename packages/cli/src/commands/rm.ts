import type { Command } from 'commander';
import { withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';
import { UsageError } from '../usage.ts';

/** `boxlite rm`. */
export function registerRm(program: Command): void {
  const command = program
    .command('rm')
    .description('remove boxes and all that is in them')
    .argument('[box...]', 'ids or names')
    .option('-f, --force', 'also those that run')
    .option('-a, --all', 'every box')
    .action(async (names: readonly string[], flags: { readonly force?: boolean; readonly all?: boolean }) => {
      if ((names.length === 0) === !flags.all) throw new UsageError('name boxes to remove, or give --all, not both');
      await withRuntime(command, async (runtime) => {
        const targets = flags.all ? (await runtime.listInfo()).map((info) => info.id) : names;
        await eachBox(targets, (name) => runtime.remove(name, { force: flags.force === true }));
      });
    });
}
