import type { Execution, TerminalSize } from 'boxlite';

/** What somebody types, on its way to a command: in order, and as much at once as has come meanwhile. */
export interface ScreenInput {
  add(bytes: Uint8Array): void;
  /** Sends it from now on; rejects when that fails, as after the command's end. */
  into(execution: Execution): Promise<void>;
}

const escapeByte = 0x1b;
const mostAnswered = 64 * 1024;

/** Keeps what is typed until it can be sent. */
export function screenInput(): ScreenInput {
  let typed: Uint8Array[] = [];
  let length = 0;
  let wake = (): void => {};
  return {
    add(bytes) {
      // Programs ask a terminal for its cursor and more: one that asks for ever and does not read gets no more answers.
      if (length > mostAnswered && bytes[0] === escapeByte) return;
      typed.push(bytes);
      length += bytes.length;
      wake();
    },
    async into(execution) {
      const writer = execution.stdin.getWriter();
      for (;;) {
        if (typed.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const pieces = typed;
        typed = [];
        length = 0;
        await writer.write(new Uint8Array(await new Blob(pieces.map((piece) => piece.slice())).arrayBuffer()));
      }
    },
  };
}

/** The sizes of a screen, on their way to a command: only the last one counts. */
export interface ScreenSizes {
  readonly change: (size: TerminalSize) => void;
  /** Sends them from now on; rejects when that fails, as after the command's end. */
  into(execution: Execution): Promise<void>;
}

/** Keeps the last size until it can be sent. */
export function screenSizes(): ScreenSizes {
  let wanted: TerminalSize | undefined;
  let wake = (): void => {};
  return {
    change(size) {
      wanted = size;
      wake();
    },
    async into(execution) {
      for (;;) {
        if (wanted === undefined) await new Promise<void>((resolve) => (wake = resolve));
        const size = wanted;
        wanted = undefined;
        if (size !== undefined) await execution.resize(size);
      }
    },
  };
}
