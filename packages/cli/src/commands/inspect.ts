import type { Boxlite } from 'boxlite';
import type { BoxInfo } from 'boxlite/backend';
import type { Command } from 'commander';
import { boxRecord } from '../box-record.ts';
import { existingBox, withRuntime } from '../connect.ts';
import { goTemplate } from '../go-template.ts';
import { UsageError } from '../usage.ts';
import { yaml } from '../yaml.ts';

interface InspectFlags {
  readonly latest?: boolean;
  readonly format: string;
}

/** `boxlite inspect`: everything known of boxes, as JSON, YAML or by a template. */
export function registerInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description('print what is known of boxes')
    .argument('[box...]', 'ids or names')
    .option('-l, --latest', 'the box made last')
    .option('-f, --format <format>', "json, yaml, or a template such as '{{.State.Status}}'", 'json')
    .action(async (names: readonly string[], flags: InspectFlags) => {
      if (names.length === 0 && !flags.latest) throw new UsageError('name a box, or give --latest');
      if (!/^(json|yaml)$|\{\{/.test(flags.format)) {
        throw new UsageError(`--format must be json, yaml or a template, not ${JSON.stringify(flags.format)}`);
      }
      await withRuntime(command, async (runtime) => {
        const infos = await Promise.all(names.map(async (name) => (await existingBox(runtime, name)).info()));
        if (flags.latest) infos.push(await latest(runtime));
        process.stdout.write(printed(infos, flags.format));
      });
    });
}

async function latest(runtime: Boxlite): Promise<BoxInfo> {
  const boxes = await runtime.listInfo();
  const last = boxes.reduce<BoxInfo | undefined>((a, b) => (a && a.createdAt > b.createdAt ? a : b), undefined);
  if (!last) throw new UsageError('there is no box yet; boxlite create IMAGE makes one');
  return last;
}

function printed(infos: readonly BoxInfo[], format: string): string {
  const records = infos.map(boxRecord);
  if (format === 'json') return `${JSON.stringify(records, null, 2)}\n`;
  if (format === 'yaml') return yaml(records);
  return records.map((record) => `${goTemplate(format, record)}\n`).join('');
}
