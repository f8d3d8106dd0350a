import type { BoxInfo } from 'boxlite/backend';
import type { Command } from 'commander';
import { boxRecord } from '../box-record.ts';
import { withRuntime } from '../connect.ts';
import { age, type Format, formatOption, formatted } from '../format.ts';
import { table } from '../table.ts';

interface ListFlags {
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly format: Format;
}

/** `boxlite list`, also `ls` and `ps`: the boxes that run, or all. */
export function registerList(program: Command): void {
  const command = program
    .command('list')
    .aliases(['ls', 'ps'])
    .description('list boxes that run')
    .option('-a, --all', 'those that do not run as well')
    .option('-q, --quiet', 'only ids')
    .addOption(formatOption())
    .action(async (flags: ListFlags) => {
      await withRuntime(command, async (runtime) => {
        const all = await runtime.listInfo();
        const boxes = flags.all ? all : all.filter((info) => info.status === 'running');
        process.stdout.write(flags.quiet ? boxes.map((info) => `${info.id}\n`).join('') : printed(boxes, flags.format));
      });
    });
}

function printed(boxes: readonly BoxInfo[], format: Format): string {
  return formatted(format, boxes.map(boxRecord), () =>
    table(
      ['ID', 'NAME', 'IMAGE', 'STATUS', 'CREATED'],
      boxes.map((info) => [info.id, info.name ?? '-', info.image, info.status, age(info.createdAt)]),
    ),
  );
}
