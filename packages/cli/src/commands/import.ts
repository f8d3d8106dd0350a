import type { Command } from 'commander';
import { withRuntime } from '../connect.ts';
import { leaving } from '../signals.ts';

/** `boxlite import`: a box of an archive; prints its id. */
export function registerImport(program: Command): void {
  const command = program
    .command('import')
    .description('make a box of an archive that export wrote, and print its id')
    .argument('<file>', 'the archive; - for stdin')
    .option('--name <name>', 'a name to find the box by')
    .action(async (file: string, { name }: { readonly name?: string }) => {
      await withRuntime(command, async (runtime) => {
        const box = await runtime.importBox(file === '-' ? standardInput() : file, name, { signal: leaving() });
        process.stdout.write(`${box.id}\n`);
      });
    });
}

function standardInput(): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = process.stdin[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await chunks.return?.()),
  });
}
