import { UsageError } from './usage.ts';

/** Refuses `-i -t` without a terminal to be raw. */
export function requireTerminal(flags: { readonly interactive?: boolean; readonly tty?: boolean }): void {
  if (flags.tty && flags.interactive && !process.stdin.isTTY) {
    throw new UsageError('-t with -i needs a terminal and stdin is none; leave -t out');
  }
}
