import type { BoxInfo } from 'boxlite/backend';
import type { Command } from 'commander';
import { collect } from '../box-flags.ts';
import { boxRecord } from '../box-record.ts';
import { withRuntime } from '../connect.ts';
import { age, type Format, formatOption, formatted, quietOption } from '../format.ts';
import { listFilter } from '../list-filter.ts';
import { table } from '../table.ts';

interface ListFlags {
  readonly all?: boolean;
  readonly quiet?: boolean;
  readonly filter?: readonly string[];
  readonly format: Format;
}

/** `boxlite list`, also `ls` and `ps`: the boxes that run, or all. */
export function registerList(program: Command): void {
  const command = program
    .command('list')
    .aliases(['ls', 'ps'])
    .description('list boxes that run')
    .option('-a, --all', 'those that do not run as well')
    .addOption(quietOption('only ids'))
    .option(
      '-f, --filter <key=value>',
      'only boxes with this name=PREFIX, label=NAME=VALUE or status=STATUS; may be repeated',
      collect,
    )
    .addOption(formatOption())
    .action(async (flags: ListFlags) => {
      await withRuntime(command, async (runtime) => {
        const filter = listFilter(flags.filter ?? []);
        // A filter by status says which ones; without one it is those that run.
        const wanted = flags.all || filter.status ? filter : { ...filter, status: 'running' as const };
        const boxes = await runtime.listInfo(wanted);
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
