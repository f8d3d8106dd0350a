import type { Command } from 'commander';
import { withRuntime } from '../connect.ts';
import { bytes } from '../format.ts';
import { leaving } from '../signals.ts';
import { visible } from '../table.ts';

/** `boxlite pull`: an image into the store. */
export function registerPull(program: Command): void {
  const command = program
    .command('pull')
    .description('fetch an image from its registry')
    .argument('<image>', 'such as debian:stable-slim or ghcr.io/owner/name:tag')
    .option('-q, --quiet', 'print only the digest')
    .option('--platform <os/architecture>', 'such as linux/arm64, where an image is made for several')
    .action(async (reference: string, flags: { readonly quiet?: boolean; readonly platform?: string }) => {
      await withRuntime(command, async (runtime) => {
        const shown = process.stderr.isTTY && !flags.quiet;
        const pulling = runtime.images.pull(reference, {
          signal: leaving(),
          platform: flags.platform,
          onProgress: ({ completedBytes, totalBytes }) => {
            if (shown) process.stderr.write(`\r${bytes(completedBytes)} of ${bytes(totalBytes)}\x1b[K`);
          },
        });
        const image = await pulling.finally(() => {
          if (shown) process.stderr.write('\r\x1b[K');
        });
        process.stdout.write(flags.quiet ? `${image.id}\n` : `${visible(image.reference)} ${image.id}\n`);
      });
    });
}
