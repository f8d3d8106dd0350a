import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { leaving } from '../signals.ts';
import { UsageError } from '../usage.ts';

interface CopyFlags {
  readonly followSymlinks?: boolean;
  readonly overwrite: boolean;
  readonly includeParent: boolean;
}

/** `boxlite cp`: files and directories into a box or out of one. */
export function registerCp(program: Command): void {
  const command = program
    .command('cp')
    .description('copy files between this machine and a box: one of the two is BOX:PATH')
    .argument('<source>')
    .argument('<destination>')
    .option('--follow-symlinks', 'copy what links point to')
    .option('--no-overwrite', 'fail where a file exists already')
    .option('--no-include-parent', 'copy what is in a directory, not the directory itself')
    .action(async (source: string, destination: string, flags: CopyFlags) => {
      const [from, to] = [boxPath(source), boxPath(destination)];
      if ((from === undefined) === (to === undefined)) {
        throw new UsageError('one of source and destination must be BOX:PATH, and the other a path of this machine');
      }
      if (from && destination === '-') {
        throw new UsageError('cp does not write to stdout: boxlite exec BOX cat PATH does; ./- is a file of that name');
      }
      const how = {
        overwrite: flags.overwrite,
        followSymlinks: flags.followSymlinks === true,
        includeParent: flags.includeParent,
      };
      await withRuntime(command, async (runtime) => {
        // What an interrupt leaves half copied goes.
        const call = { signal: leaving() };
        const options = { ...how, ...call };
        if (to) await (await existingBox(runtime, to.box, call)).copyIn(source, to.path, options);
        if (from) await (await existingBox(runtime, from.box, call)).copyOut(from.path, destination, options);
      });
    });
}

/** `BOX:PATH`; undefined for a path of this machine, which may hold a colon behind a slash. */
export function boxPath(argument: string): { readonly box: string; readonly path: string } | undefined {
  const match = /^([a-zA-Z0-9][a-zA-Z0-9._-]{0,127}):(.+)$/s.exec(argument);
  return match?.[1] !== undefined && match[2] !== undefined ? { box: match[1], path: match[2] } : undefined;
}
