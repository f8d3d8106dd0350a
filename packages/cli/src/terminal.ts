import { UsageError } from './usage.ts';

interface TerminalFlags {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly detach?: boolean;
}

/** Refuses `-i -t` without a terminal to be raw; with `-d` none is. */
export function requireTerminal({ interactive, tty, detach }: TerminalFlags): void {
  if (tty && interactive && !detach && !process.stdin.isTTY) {
    throw new UsageError('-t with -i needs a terminal and stdin is none; leave -t out');
  }
}
