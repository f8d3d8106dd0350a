import type { RuntimeEvent } from 'boxlite/backend';
import { type Command, Option } from 'commander';
import { withRuntime } from '../connect.ts';
import { untilInterrupted } from '../signals.ts';

interface EventsFlags {
  readonly box?: string;
  readonly after?: string;
  readonly format: 'text' | 'json';
}

/** `boxlite events`: what becomes of boxes, as it happens. */
export function registerEvents(program: Command): void {
  const command = program
    .command('events')
    .description('print what becomes of boxes as it happens, until interrupted')
    .option('--box <box>', 'only this one, by id or name')
    .option('--after <id>', 'begin after this event, which may be one that a former run printed')
    .addOption(new Option('--format <format>', 'a line for people, or JSON').choices(['text', 'json']).default('text'))
    .action(async ({ box, after, format }: EventsFlags) => {
      await withRuntime(command, (runtime) =>
        untilInterrupted(async (signal) => {
          const which = { signal, ...(box !== undefined && { box }), ...(after !== undefined && { after }) };
          for await (const event of runtime.events(which)) {
            process.stdout.write(`${format === 'json' ? JSON.stringify(event) : line(event)}\n`);
          }
        }),
      );
    });
}

function line(event: RuntimeEvent): string {
  const head = `${event.at.toISOString()} ${event.id} ${event.type}`;
  if (event.type === 'open') return head;
  if (event.type === 'reset') return `${head}: events before this one are no longer kept; see boxlite list`;
  const { boxId, boxName, exitCode, errorMessage } = event;
  return [
    `${head} ${boxId}`,
    ...(boxName === undefined ? [] : [boxName]),
    ...(exitCode === undefined ? [] : [`exit=${exitCode}`]),
    ...(errorMessage === undefined ? [] : [JSON.stringify(errorMessage)]),
  ].join(' ');
}
