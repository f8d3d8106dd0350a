import type { TerminalSize } from '../backend/box-options.ts';
import type { Execution } from '../execution.ts';
import { hostProcess } from './attach.ts';

/** The size of this process's terminal, where it has one. */
export function terminalSize(): TerminalSize | undefined {
  const { stdout } = hostProcess();
  const { columns: cols, rows } = stdout;
  return stdout.isTTY && cols > 0 && rows > 0 ? { cols, rows } : undefined;
}

/** Makes this terminal that of an execution: raw, its size followed. Disposing restores it, as does leaving in any way. */
export function shareTerminal(execution: Execution): Disposable {
  const process = hostProcess();
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
