import { NotFoundError, type VolumeInfo } from 'boxlite/backend';
import type { Command } from 'commander';
import { withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';
import { age, type Format, formatOption, formatted, quietOption } from '../format.ts';
import { table } from '../table.ts';
import type { Plain } from '../yaml.ts';

interface ListFlags {
  readonly quiet?: boolean;
  readonly format: Format;
}

/** `boxlite volume create|ls|get|rm`. */
export function registerVolume(program: Command): void {
  const volume = program.command('volume').description('directories that outlive boxes');
  const create = volume
    .command('create')
    .description('make an empty volume and print its id; --volume NAME:/PATH of run and create takes it')
    .argument('[name]', 'a name to find it by')
    .action(async (name: string | undefined) => {
      await withRuntime(create, async (runtime) => {
        process.stdout.write(`${(await runtime.volumes.create(name)).id}\n`);
      });
    });
  const list = volume
    .command('ls')
    .description('list volumes')
    .addOption(quietOption('only ids'))
    .addOption(formatOption())
    .action(async ({ quiet, format }: ListFlags) => {
      await withRuntime(list, async (runtime) => {
        const found = await runtime.volumes.list();
        process.stdout.write(quiet ? found.map(({ id }) => `${id}\n`).join('') : printed(found, format));
      });
    });
  const get = volume
    .command('get')
    .description('show a volume')
    .argument('<volume>', 'id or name')
    .addOption(formatOption())
    .action(async (idOrName: string, { format }: ListFlags) => {
      await withRuntime(get, async (runtime) => {
        const found = await runtime.volumes.get(idOrName);
        if (!found) throw new NotFoundError(`volume not found: ${idOrName}; boxlite volume ls shows those there are`);
        process.stdout.write(printed([found], format));
      });
    });
  const remove = volume
    .command('rm')
    .description('delete volumes and all that is in them')
    .argument('<volume...>', 'ids or names')
    .option('-f, --force', 'also those that boxes have which do not run')
    .action(async (names: readonly string[], flags: { readonly force?: boolean }) => {
      await withRuntime(remove, async (runtime) => {
        await eachBox(names, (name) => runtime.volumes.remove(name, { force: flags.force === true }));
      });
    });
}

function printed(volumes: readonly VolumeInfo[], format: Format): string {
  return formatted(format, volumes.map(volumeRecord), () =>
    table(
      ['NAME', 'ID', 'STATE', 'CREATED', 'USED'],
      volumes.map((one) => [
        ...[one.name, one.id, one.state, age(one.createdAt)],
        one.lastUsedAt ? age(one.lastUsedAt) : '-',
      ]),
    ),
  );
}

function volumeRecord(one: VolumeInfo): { readonly [key: string]: Plain } {
  return {
    Id: one.id,
    Name: one.name,
    State: one.state,
    Created: one.createdAt.toISOString(),
    LastUsed: one.lastUsedAt?.toISOString() ?? null,
  };
}
