import type { Execution } from 'boxlite';
import type { TerminalSize } from 'boxlite/backend';
import { UsageError } from './usage.ts';

/** The size of this process's terminal, where it has one. */
export function terminalSize(): TerminalSize | undefined {
  const { columns: cols, rows } = process.stdout;
  return process.stdout.isTTY && cols > 0 && rows > 0 ? { cols, rows } : undefined;
}

/** Refuses `-i -t` without a terminal to be raw. */
export function requireTerminal(flags: { readonly interactive?: boolean; readonly tty?: boolean }): void {
  if (flags.tty && flags.interactive && !process.stdin.isTTY) {
    throw new UsageError('-t with -i needs a terminal and stdin is none; leave -t out');
  }
}

/** Makes this terminal that of an execution: raw, its size followed. Disposing restores it, as does leaving in any way. */
export function shareTerminal(execution: Execution): Disposable {
  const { stdin, stdout } = process;
  const raw = stdin.isTTY && !stdin.isRaw;
  const restore = (): void => {
    if (raw) stdin.setRawMode(false);
  };
  const resized = (): void => {
    const size = terminalSize();
    // The command may have ended meanwhile; its exit is on the way.
    if (size) execution.resize(size).catch(() => undefined);
  };
  if (raw) stdin.setRawMode(true);
  process.on('exit', restore);
  stdout.on('resize', resized);
  return {
    [Symbol.dispose]() {
      stdout.off('resize', resized);
      process.off('exit', restore);
      restore();
    },
  };
}
