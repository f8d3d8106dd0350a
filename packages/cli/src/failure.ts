import { BoxliteError } from 'boxlite/backend';
import { CommanderError } from 'commander';
import { Unmet } from './conformance/outcome.ts';
import { leftBecause } from './signals.ts';
import { visible } from './table.ts';
import { UsageError } from './usage.ts';

/** Says on stderr what went wrong; the exit code that goes with it: 2 for a command line that makes no sense, else 1. */
export function reportFailure(error: unknown, debug: boolean): number {
  const left = leftBecause(error);
  if (left) return left.exitCode;
  // commander has said it already: help and the version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  const expected = error instanceof BoxliteError || error instanceof UsageError || error instanceof Unmet;
  process.stderr.write(`Error: ${message.split('\n').map(visible).join('\n')}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n${cause(error)}`);
  if (!expected && !debug) process.stderr.write('This is a fault of boxlite; --debug says where it came from.\n');
  return error instanceof UsageError ? 2 : 1;
}

function cause(error: Error): string {
  return error.cause instanceof Error ? `caused by ${error.cause.stack}\n` : '';
}
