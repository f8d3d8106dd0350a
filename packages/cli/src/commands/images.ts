import type { ImageInfo } from 'boxlite/backend';
import type { Command } from 'commander';
import { collect } from '../box-flags.ts';
import { withRuntime } from '../connect.ts';
import { durationMs } from '../duration.ts';
import { age, bytes, type Format, formatOption, formatted } from '../format.ts';
import { table, visible } from '../table.ts';
import type { Plain } from '../yaml.ts';

interface ImagesFlags {
  readonly quiet?: boolean;
  readonly format: Format;
}

interface PruneFlags {
  readonly olderThan?: number;
  readonly keep?: readonly string[];
}

/** `boxlite images`, and its `import` and `prune`. */
export function registerImages(program: Command): void {
  const command = program
    .command('images')
    .description('list the images in the store')
    .option('-a, --all', 'taken for compatibility: the list is always whole')
    .option('-q, --quiet', 'only digests')
    .addOption(formatOption())
    .action(async (flags: ImagesFlags) => {
      await withRuntime(command, async (runtime) => {
        const images = await runtime.images.list();
        process.stdout.write(flags.quiet ? images.map((one) => `${one.id}\n`).join('') : printed(images, flags.format));
      });
    });
  const importing = command
    .command('import')
    .description('put a tar, an OCI layout or a root directory into the store')
    .argument('<path>', 'file or directory of this machine')
    .argument('<reference>', 'name for the image, such as local/tools:1')
    .action(async (path: string, reference: string) => {
      await withRuntime(importing, async (runtime) => {
        const image = await runtime.images.import(path, reference);
        process.stdout.write(`${visible(image.reference)} ${image.id}\n`);
      });
    });
  const pruning = command
    .command('prune')
    .description('remove the images that no box has, and what earlier pulls left behind')
    .option('--older-than <time>', 'spare what was pulled or used within that time, such as 12h or 7d', durationMs)
    .option('--keep <reference>', 'spare this image; may be given more than once', collect)
    .action(async ({ olderThan, keep }: PruneFlags) => {
      await withRuntime(pruning, async (runtime) => {
        const { removed, freedBytes } = await runtime.images.prune({
          ...(olderThan !== undefined && { olderThanMs: olderThan }),
          ...(keep !== undefined && { keep }),
        });
        process.stdout.write(removed.map((reference) => `${visible(reference)}\n`).join(''));
        process.stderr.write(`${bytes(freedBytes)} freed\n`);
      });
    });
}

function printed(images: readonly ImageInfo[], format: Format): string {
  return formatted(format, images.map(imageRecord), () =>
    table(
      ['REPOSITORY', 'TAG', 'ID', 'SIZE', 'FETCHED'],
      images.map((one) => [one.repository, one.tag, one.id.slice(0, 19), bytes(one.sizeBytes), age(one.cachedAt)]),
    ),
  );
}

function imageRecord(image: ImageInfo): { readonly [key: string]: Plain } {
  return {
    Id: image.id,
    Reference: image.reference,
    Repository: image.repository,
    Tag: image.tag,
    SizeBytes: image.sizeBytes ?? null,
    CachedAt: image.cachedAt.toISOString(),
  };
}
