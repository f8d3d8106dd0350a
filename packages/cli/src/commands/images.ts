import { type Boxlite, NotFoundError } from 'boxlite';
import type { ImageDetails, ImageInfo } from 'boxlite/backend';
import type { Command } from 'commander';
import { collect } from '../box-flags.ts';
import { withRuntime } from '../connect.ts';
import { durationMs } from '../duration.ts';
import { eachBox } from '../each-box.ts';
import { age, bytes, type Format, formatOption, formatted, quietOption } from '../format.ts';
import { table, visible } from '../table.ts';
import { type Plain, yaml } from '../yaml.ts';

interface ImagesFlags {
  readonly quiet?: boolean;
  readonly format: Format;
}

interface PruneFlags {
  readonly olderThan?: number;
  readonly keep?: readonly string[];
}

/** `boxlite images`, and its `inspect`, `import`, `rm` and `prune`. */
export function registerImages(program: Command): void {
  const command = program
    .command('images')
    .description('list the images in the store')
    .option('-a, --all', 'taken for compatibility: the list is always whole')
    .addOption(quietOption('only digests'))
    .addOption(formatOption())
    .action(async (flags: ImagesFlags) => {
      await withRuntime(command, async (runtime) => {
        const images = await runtime.images.list();
        process.stdout.write(flags.quiet ? images.map((one) => `${one.id}\n`).join('') : printed(images, flags.format));
      });
    });
  const inspecting = command
    .command('inspect')
    .description('print what an image is: its configuration, platform and layers')
    .argument('<image...>', 'references or digests')
    .addOption(formatOption().choices(['json', 'yaml']).default('json'))
    .action(async (names: readonly string[], { format }: { readonly format: 'json' | 'yaml' }) => {
      await withRuntime(inspecting, async (runtime) => {
        const records = await Promise.all(names.map(async (name) => detailsRecord(await existing(runtime, name))));
        process.stdout.write(formatted(format, records, () => yaml(records)));
      });
    });
  const removing = command
    .command('rm')
    .description('remove images; what a box has stays')
    .argument('<image...>', 'references, or digests for all references of each')
    .action(async (names: readonly string[]) => {
      await withRuntime(removing, (runtime) => eachBox(names, (name) => runtime.images.remove(name)));
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

async function existing(runtime: Boxlite, name: string): Promise<ImageDetails> {
  const image = await runtime.images.get(name);
  if (image) return image;
  throw new NotFoundError(`image not found: ${name}; boxlite images shows those there are, boxlite pull gets one`);
}

function detailsRecord({ platform, config, layers, ...image }: ImageDetails): { readonly [key: string]: Plain } {
  return {
    ...imageRecord(image),
    Platform: platform ?? null,
    Config: config
      ? {
          Entrypoint: [...config.entrypoint],
          Cmd: [...config.cmd],
          Env: { ...config.env },
          WorkingDir: config.workingDir,
          User: config.user,
          StopSignal: config.stopSignal ?? null,
          ExposedPorts: [...config.exposedPorts],
          Volumes: [...config.volumes],
          Labels: { ...config.labels },
        }
      : null,
    Layers:
      layers?.map(({ digest, diffId, sizeBytes, unpackedBytes }) => ({
        Digest: digest ?? null,
        DiffId: diffId,
        SizeBytes: sizeBytes ?? null,
        UnpackedBytes: unpackedBytes,
      })) ?? null,
  };
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
