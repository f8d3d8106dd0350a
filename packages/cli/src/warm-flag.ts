import type { WarmOptions } from 'boxlite/backend';
import { Command } from 'commander';
import { addBoxFlags, type BoxFlags, boxOptions } from './box-flags.ts';
import { UsageError } from './usage.ts';

const form = '--warm must be "COUNT IMAGE [FLAGS OF create]", such as "4 python:slim --memory 512"';

/** What `--warm` asks for: how many boxes, of which image, with the flags of `create`. `UsageError`. */
export function warmOptions(flag: string): WarmOptions {
  const [count = '', ...words] = flag.trim().split(/\s+/);
  if (!/^\d+$/.test(count)) throw new UsageError(`${form}, not ${JSON.stringify(flag)}`);
  const command = addBoxFlags(new Command('--warm').argument('<image>').exitOverride().configureOutput(silent));
  try {
    command.parse(words, { from: 'user' });
  } catch (cause) {
    throw new UsageError(`${form}: ${cause instanceof Error ? cause.message.replace(/^error: /, '') : cause}`, {
      cause,
    });
  }
  const flags = command.opts<BoxFlags>();
  if (flags.name !== undefined) throw new UsageError(`--warm takes no --name: whoever takes one of its boxes names it`);
  const box = boxOptions(command.args[0], flags);
  return { size: Number(count), box };
}

const silent = { writeOut() {}, writeErr() {} };
