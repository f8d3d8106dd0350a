import { checkFlag, checkText } from '../argument.ts';
import type { CallOptions } from '../backend/backend.ts';
import { loaded } from '../loaded.ts';
import { type HeldBox, holdBox, SimpleBox, type SimpleBoxOptions } from './simple-box.ts';

/** What an interactive box runs, and how. */
export interface InteractiveBoxOptions extends Omit<SimpleBoxOptions, 'tty'> {
  /** @default '/bin/sh' */
  readonly shell?: string | undefined;
  /** Whether the shell gets a terminal. @default whether this process has one */
  readonly tty?: boolean | undefined;
}

/** A box whose shell has this process's terminal: raw, its size followed, and as it was before once the shell ends. */
export class InteractiveBox extends SimpleBox {
  readonly #exitCode: Promise<number>;

  private constructor(held: HeldBox, exitCode: Promise<number>) {
    super(held);
    this.#exitCode = exitCode;
    exitCode.catch(() => undefined);
  }

  /** Makes the box and attaches its shell at once. `UnsupportedError` where there is no process, as in a browser. */
  static override async create(options: InteractiveBoxOptions = {}, call: CallOptions = {}): Promise<InteractiveBox> {
    const { shell = '/bin/sh', tty, ...rest } = options;
    checkText('shell', shell);
    checkFlag('tty', tty);
    const [{ attach, hostProcess }, { shareTerminal, terminalSize }] = await loaded(() =>
      Promise.all([import('../host/attach.ts'), import('../host/terminal.ts')]),
    );
    const { stdin, stdout, stderr } = hostProcess();
    const held = await holdBox(rest, call);
    try {
      const size = terminalSize();
      const onTerminal = tty ?? (stdin.isTTY === true && size !== undefined);
      const execution = await held.box.exec(shell, [], { tty: onTerminal, ...(onTerminal && size && { size }) });
      const attached = async (): Promise<number> => {
        using _terminal = onTerminal ? shareTerminal(execution) : undefined;
        return await attach(execution, { stdin, stdout, stderr });
      };
      return new InteractiveBox(held, attached());
    } catch (error) {
      await held.release().catch(() => undefined);
      throw error;
    }
  }

  /** Waits until the shell ends; its exit code. */
  wait(): Promise<number> {
    return this.#exitCode;
  }
}
