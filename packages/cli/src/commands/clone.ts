import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';

/** `boxlite clone`: a new box of the same options with a copy of the disk; prints its id. */
export function registerClone(program: Command): void {
  const command = program
    .command('clone')
    .description('make a box of the same options with a copy of the disk, and print its id')
    .argument('<box>', 'id or name')
    .option('--name <name>', 'a name to find the new box by')
    .action(async (box: string, flags: { readonly name?: string }) => {
      await withRuntime(command, async (runtime) => {
        const copy = await (await existingBox(runtime, box)).clone({}, flags.name);
        process.stdout.write(`${copy.id}\n`);
      });
    });
}
