import { UsageError } from './usage.ts';

/** Refuses what goes on without anyone there to feed it. */
export function refuseInput({
  interactive,
  detach,
}: {
  readonly interactive?: boolean;
  readonly detach?: boolean;
}): void {
  if (!interactive || !detach) return;
  throw new UsageError('-i does not go with -d, which leaves nobody to feed stdin: leave one of them out');
}

/** Refuses `-i -t` without a terminal to be raw. */
export function requireTerminal(flags: { readonly interactive?: boolean; readonly tty?: boolean }): void {
  if (flags.tty && flags.interactive && !process.stdin.isTTY) {
    throw new UsageError('-t with -i needs a terminal and stdin is none; leave -t out');
  }
}
