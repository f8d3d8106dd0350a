import { NotFoundError, type SnapshotInfo } from 'boxlite/backend';
import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { eachBox } from '../each-box.ts';
import { age, bytes, type Format, formatOption, formatted, quietOption } from '../format.ts';
import { table } from '../table.ts';
import type { Plain } from '../yaml.ts';

interface ListFlags {
  readonly quiet?: boolean;
  readonly format: Format;
}

/** `boxlite snapshot create|ls|get|rm|restore`. */
export function registerSnapshot(program: Command): void {
  const snapshot = program.command('snapshot').description("named copies of a box's disk");
  const create = snapshot
    .command('create')
    .description('copy the disk of a box; one that runs stands still meanwhile')
    .argument('<box>', 'id or name')
    .argument('<name>', 'name of the snapshot')
    .action(async (box: string, name: string) => {
      await withRuntime(create, async (runtime) => {
        const { id } = await (await existingBox(runtime, box)).snapshots.create(name);
        process.stdout.write(`${id}\n`);
      });
    });
  const list = snapshot
    .command('ls')
    .description('list the snapshots of a box')
    .argument('<box>', 'id or name')
    .addOption(quietOption('only names'))
    .addOption(formatOption())
    .action(async (box: string, { quiet, format }: ListFlags) => {
      await withRuntime(list, async (runtime) => {
        const found = await (await existingBox(runtime, box)).snapshots.list();
        process.stdout.write(quiet ? found.map(({ name }) => `${name}\n`).join('') : printed(found, format));
      });
    });
  const get = snapshot
    .command('get')
    .description('show a snapshot of a box')
    .argument('<box>', 'id or name')
    .argument('<name>', 'name of the snapshot')
    .addOption(formatOption())
    .action(async (box: string, name: string, { format }: ListFlags) => {
      await withRuntime(get, async (runtime) => {
        const found = await (await existingBox(runtime, box)).snapshots.get(name);
        if (!found)
          throw new NotFoundError(`box ${box} has no snapshot ${name}; boxlite snapshot ls ${box} shows them`);
        process.stdout.write(printed([found], format));
      });
    });
  const remove = snapshot
    .command('rm')
    .description('delete snapshots of a box')
    .argument('<box>', 'id or name')
    .argument('<name...>', 'names of snapshots')
    .action(async (name: string, names: readonly string[]) => {
      await withRuntime(remove, async (runtime) => {
        const box = await existingBox(runtime, name);
        await eachBox(names, (one) => box.snapshots.remove(one));
      });
    });
  const restore = snapshot
    .command('restore')
    .description('put the disk of a stopped box back as it was')
    .argument('<box>', 'id or name')
    .argument('<name>', 'name of the snapshot')
    .action(async (box: string, name: string) => {
      await withRuntime(restore, async (runtime) => (await existingBox(runtime, box)).snapshots.restore(name));
    });
}

function printed(snapshots: readonly SnapshotInfo[], format: Format): string {
  return formatted(format, snapshots.map(snapshotRecord), () =>
    table(
      ['NAME', 'ID', 'DISK', 'SIZE', 'CREATED'],
      snapshots.map((one) => [
        ...[one.name, one.id, bytes(one.containerDiskBytes), bytes(one.sizeBytes)],
        age(one.createdAt),
      ]),
    ),
  );
}

function snapshotRecord(one: SnapshotInfo): { readonly [key: string]: Plain } {
  return {
    Id: one.id,
    BoxId: one.boxId,
    Name: one.name,
    Created: one.createdAt.toISOString(),
    ContainerDiskBytes: one.containerDiskBytes,
    SizeBytes: one.sizeBytes,
  };
}
