import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { leaving } from '../signals.ts';

/** `boxlite export`: a box as one file, or on stdout. */
export function registerExport(program: Command): void {
  const command = program
    .command('export')
    .description('pack a box with its image and disk into one archive, which import takes')
    .argument('<box>', 'id or name')
    .option('-o, --output <file>', 'file, or directory for NAME.boxlite; - for stdout', '.')
    .action(async (name: string, { output }: { readonly output: string }) => {
      await withRuntime(command, async (runtime) => {
        const signal = leaving();
        const box = await existingBox(runtime, name, { signal });
        if (output === '-') await pipeline(await box.export({ signal }), process.stdout, { end: false, signal });
        else process.stdout.write(`${await box.exportTo(output, { signal })}\n`);
      });
    });
}
