import { checkMs, checkWhole, checkWord, refuse } from '../argument.ts';
import type { CallOptions } from '../backend/backend.ts';
import { ExecutionError, InvalidArgumentError } from '../errors.ts';
import type { StartExecutionOptions } from '../start-execution.ts';
import { text as readText } from '../text.ts';
import { holdBuilt, lacking } from './built-image.ts';
import {
  briefOutput,
  type Desktop,
  desktopEnv,
  desktopImage,
  execTool,
  findDesktop,
  type ScreenSize,
  startDesktop,
} from './desktop.ts';
import { makeKeyboard } from './keyboard.ts';
import { readScreenshot, type Screenshot } from './screenshot.ts';
import { type HeldBox, SimpleBox, type SimpleBoxOptions } from './simple-box.ts';
import { unlessAborted } from './unless-aborted.ts';

/** What a computer box is made of. `cpus` are 2 and `memoryMib` is 2048 unless given; the image is `boxlite/desktop`. */
export interface ComputerBoxOptions extends SimpleBoxOptions {
  /** Of the screen, each side 64 to 8192. @default { width: 1024, height: 768 } */
  readonly size?: ScreenSize | undefined;
}

/** Options of `waitUntilReady`. */
export interface DesktopReadyOptions extends CallOptions {
  /** How long the desktop may take to start. @default 60000 */
  readonly timeoutMs?: number | undefined;
}

const wheel = { up: '4', down: '5', left: '6', right: '7' } as const;

/** Where a scroll goes. */
export type ScrollDirection = keyof typeof wheel;

/**
 * A box with a desktop: a screen, a mouse and a keyboard, started by their first use. A call is over once the screen has
 * taken it; what programs make of it takes them their time.
 */
export class ComputerBox extends SimpleBox {
  readonly #size: ScreenSize;
  #keyboard = makeKeyboard();
  #desktop: Promise<Desktop> | undefined;
  #typed: Promise<unknown> = Promise.resolve();

  private constructor(held: HeldBox, size: ScreenSize) {
    super(held);
    this.#size = size;
  }

  /** Makes the box. */
  static override async create(options: ComputerBoxOptions = {}, call: CallOptions = {}): Promise<ComputerBox> {
    const { size = { width: 1024, height: 768 }, ...rest } = options;
    if (typeof size !== 'object' || size === null) refuse('size', '{ width, height }', size);
    for (const side of ['width', 'height'] as const) checkWhole(`size.${side}`, size[side] ?? null, 64, 8192);
    return new ComputerBox(await holdBuilt(desktopImage, rest, call), size);
  }

  /** Starts the desktop unless it runs, and waits until windows can be opened. `TimeoutError` when that takes too long. */
  async waitUntilReady(options: DesktopReadyOptions = {}): Promise<void> {
    await this.#ready(options);
  }

  /** The screen as it is, with the pointer. */
  async screenshot(call: CallOptions = {}): Promise<Screenshot> {
    const { size } = await this.#ready(call);
    // Through a pipe of the user's own: what a command has as its output, scrot finds that it may not write to.
    const execution = await execTool(this.box, 'sh', ['-c', 'scrot --pointer - | cat'], call);
    try {
      const [shot, said] = await Promise.all([readScreenshot(execution.stdout, size), readText(execution.stderr)]);
      if (shot) return shot;
      await this.#assertRuns();
      throw new ExecutionError(`scrot made no picture: ${said.trim().slice(0, 2000) || 'it said nothing'}`);
    } catch (error) {
      await execution.kill().catch(() => undefined);
      call.signal?.throwIfAborted();
      throw error;
    }
  }

  /** Moves the pointer to a place of the screen, counted from its upper left. */
  async mouseMove(x: number, y: number, call: CallOptions = {}): Promise<void> {
    const desktop = await this.#ready(call);
    await this.#xdotool(to(desktop, 'x', 'y', x, y), call);
  }

  /** Clicks where the pointer is. */
  async leftClick(call: CallOptions = {}): Promise<void> {
    await this.#xdotool(['click', '1'], call);
  }

  /** Clicks the middle button where the pointer is. */
  async middleClick(call: CallOptions = {}): Promise<void> {
    await this.#xdotool(['click', '2'], call);
  }

  /** Clicks the right button where the pointer is. */
  async rightClick(call: CallOptions = {}): Promise<void> {
    await this.#xdotool(['click', '3'], call);
  }

  /** Clicks twice where the pointer is, as one double click. */
  async doubleClick(call: CallOptions = {}): Promise<void> {
    await this.#xdotool(['click', '--repeat', '2', '--delay', '50', '1'], call);
  }

  /** Clicks three times where the pointer is, as one triple click. */
  async tripleClick(call: CallOptions = {}): Promise<void> {
    await this.#xdotool(['click', '--repeat', '3', '--delay', '50', '1'], call);
  }

  /** Presses the left button at one place, moves, and lets go at another. */
  async leftClickDrag(fromX: number, fromY: number, toX: number, toY: number, call: CallOptions = {}): Promise<void> {
    const desktop = await this.#ready(call);
    const from = to(desktop, 'fromX', 'fromY', fromX, fromY);
    const end = to(desktop, 'toX', 'toY', toX, toY);
    // Programs begin to drag once the pointer moves, and go by the moves that they see.
    const middle = ['mousemove', String(Math.round((fromX + toX) / 2)), String(Math.round((fromY + toY) / 2))];
    await this.#xdotool([...from, 'mousedown', '1', ...middle, ...end, 'mouseup', '1'], call);
  }

  /** Moves the pointer to a place and turns the wheel there; `amount` is in clicks of the wheel. @default 3 */
  async scroll(
    x: number,
    y: number,
    direction: ScrollDirection,
    amount: number = 3,
    call: CallOptions = {},
  ): Promise<void> {
    checkWord('direction', direction ?? null, Object.keys(wheel));
    checkWhole('amount', amount, 1, 1000);
    const desktop = await this.#ready(call);
    const turns = ['click', '--repeat', String(amount), '--delay', '10', wheel[direction]];
    await this.#xdotool([...to(desktop, 'x', 'y', x, y), ...turns], call);
  }

  /** Where the pointer is: x and y, counted from the upper left. */
  async cursorPosition(call: CallOptions = {}): Promise<[x: number, y: number]> {
    return pair(/^X=(\d+)\nY=(\d+)\n/, await this.#xdotool(['getmouselocation', '--shell'], call));
  }

  /** The size of the screen: width and height in pixels. */
  async getScreenSize(call: CallOptions = {}): Promise<[width: number, height: number]> {
    return pair(/^(\d+) (\d+)\n$/, await this.#xdotool(['getdisplaygeometry'], call));
  }

  /**
   * Types a text into the window that has the keyboard, whatever characters it has; a line feed is the key Return. Texts
   * are typed one after another. `InvalidArgumentError` for control characters but tab and line feed.
   */
  async type(text: string, call: CallOptions = {}): Promise<void> {
    const typed = this.#typed.then(() => this.#type(text, call));
    this.#typed = typed.catch(() => undefined);
    await typed;
  }

  /** Presses a key, or several at once: `Return`, `ctrl+c`, `alt+Tab`; names as of X keysyms. `InvalidArgumentError` for others. */
  async key(keys: string, call: CallOptions = {}): Promise<void> {
    if (typeof keys !== 'string' || !/^\w+(\+\w+)*$/.test(keys)) refuse('keys', 'names of keys such as ctrl+c', keys);
    await this.#xdotool(['key', '--delay', '1', keys], call);
  }

  async #type(text: string, call: CallOptions): Promise<void> {
    await this.#ready(call);
    try {
      for (const { layout, args } of this.#keyboard.pieces(text)) {
        if (layout !== undefined)
          await this.#run('xkbcomp', ['-w0', '-', desktopEnv.DISPLAY], { ...call, stdin: layout });
        await this.#xdotool(args, call);
      }
    } catch (error) {
      // Nobody knows what lies on the keys now.
      this.#keyboard = makeKeyboard();
      throw error;
    }
  }

  async #xdotool(args: readonly string[], call: CallOptions): Promise<string> {
    await this.#ready(call);
    return this.#run('xdotool', args, call);
  }

  /** Runs a tool of the desktop; what it wrote. The tools end with 0 also when they could not do it, but they say so. */
  async #run(program: string, args: readonly string[], options: StartExecutionOptions): Promise<string> {
    const run = this.box.run(program, args, { ...options, ...briefOutput, env: desktopEnv });
    const { exitCode, stdout, stderr } = await run.catch((error: unknown) => {
      throw error instanceof ExecutionError ? lacking(program, desktopImage, error) : error;
    });
    if (exitCode === 0 && stderr === '') return stdout;
    await this.#assertRuns();
    const [, key] = /No such key name '(\w+)'/.exec(stderr) ?? [];
    if (key !== undefined)
      throw new InvalidArgumentError(`keys: there is no key ${key}; use names such as Return or F5`);
    throw new ExecutionError(`${program} failed with exit code ${exitCode}: ${stderr.trim().slice(0, 2000)}`);
  }

  async #ready({ timeoutMs = 60_000, signal }: DesktopReadyOptions): Promise<Desktop> {
    checkMs('timeoutMs', timeoutMs, 1);
    signal?.throwIfAborted();
    // One start for all who ask meanwhile: the signal of one of them ends only its own waiting.
    this.#desktop ??= this.#start(timeoutMs).catch((error: unknown) => {
      this.#desktop = undefined;
      throw error;
    });
    return unlessAborted(this.#desktop, signal);
  }

  async #start(timeoutMs: number): Promise<Desktop> {
    this.#keyboard = makeKeyboard();
    // A box that was there before may have a desktop already.
    const found = this.created ? undefined : await findDesktop(this.box).catch(() => undefined);
    return found ?? startDesktop(this.box, this.#size, timeoutMs);
  }

  /** After a failure: whether it is that the desktop has gone. */
  async #assertRuns(): Promise<void> {
    const { screen } = (await this.#desktop) ?? {};
    const info = await screen?.status().catch(() => undefined);
    if (info?.status === 'running') return;
    this.#desktop = undefined;
    if (screen) throw new ExecutionError('the desktop has ended; the next call starts an empty one');
  }
}

function to({ size }: Desktop, nameX: string, nameY: string, x: number, y: number): readonly string[] {
  checkWhole(nameX, x ?? null, 0, size.width - 1);
  checkWhole(nameY, y ?? null, 0, size.height - 1);
  return ['mousemove', String(x), String(y)];
}

function pair(pattern: RegExp, said: string): [number, number] {
  const [, first, second] = pattern.exec(said) ?? [];
  if (first === undefined || second === undefined) {
    throw new ExecutionError(`xdotool said something else: ${JSON.stringify(said.slice(0, 200))}`);
  }
  return [Number(first), Number(second)];
}
