import { type Command, Option } from 'commander';
import { addBoxFlags, type BoxFlags, boxOptions } from '../box-flags.ts';
import { withRuntime } from '../connect.ts';
import { imageAndWords, refuseRm } from './run.ts';

/** `boxlite create`: a box that outlives this command; prints its id. */
export function registerCreate(program: Command): void {
  const command = program
    .command('create')
    .description('create a box and print its id; start, exec and stop work on it')
    .argument('[image]', 'image of the box; left out with --rootfs')
    .argument('[command...]', 'started with the box')
    .addOption(new Option('--rm').hideHelp())
    .passThroughOptions();
  addBoxFlags(command).action(async (first: string | undefined, rest: readonly string[], flags: BoxFlags) => {
    const [image, words] = imageAndWords(first, rest, flags);
    refuseRm(flags, 'create, whose boxes outlive it');
    const options = {
      ...boxOptions(image, flags),
      detach: true,
      ...(flags.entrypoint !== undefined && { entrypoint: [flags.entrypoint] }),
      ...(words.length > 0 && { cmd: words }),
    };
    await withRuntime(command, async (runtime) => {
      const box = await runtime.create(options, flags.name);
      process.stdout.write(`${box.id}\n`);
    });
  });
}
