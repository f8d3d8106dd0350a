import { checkMs, checkTexts, checkWhole, checkWord } from '../argument.ts';
import type { CallOptions } from '../backend/backend.ts';
import { ExecutionError, NetworkError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import type { Forward } from '../host/forward.ts';
import { holdBuilt } from './built-image.ts';
import { browserImage, startChromium } from './chromium.ts';
import { type HeldBox, SimpleBox, type SimpleBoxOptions } from './simple-box.ts';
import { unlessAborted } from './unless-aborted.ts';

/** What a browser box is made of. `cpus` are 2 and `memoryMib` is 2048 unless given; the image is `boxlite/browser`. */
export interface BrowserBoxOptions extends SimpleBoxOptions {
  /** @default 'chromium' */
  readonly browser?: 'chromium' | undefined;
  /** The port of the box's loopback where DevTools listen. @default 9222 */
  readonly cdpPort?: number | undefined;
  /** The port of this host that leads to it; 0 chooses a free one. @default 0 */
  readonly port?: number | undefined;
  /** Further flags for Chromium, such as `--lang=de`. @default none */
  readonly args?: readonly string[] | undefined;
}

/** Options of `endpoint` and `connect`. */
export interface BrowserStartOptions extends CallOptions {
  /** How long the browser may take to listen. @default 60000 */
  readonly timeoutMs?: number | undefined;
}

/** What connects to a browser by its DevTools protocol: `chromium` of `playwright-core` or `playwright`. */
export interface CdpConnector<Browser> {
  /** Connects to a browser's DevTools endpoint. */
  connectOverCDP(
    endpoint: string,
    options?: {
      /** In milliseconds. @default the connector's own */
      readonly timeout?: number;
    },
  ): Promise<Browser>;
}

/** A box with a Chromium that programs of this host drive, wherever the box lives. */
export class BrowserBox extends SimpleBox {
  readonly #options: { readonly cdpPort: number; readonly port: number; readonly args: readonly string[] };
  #forward: Promise<Forward> | undefined;
  #chromium: Execution | undefined;
  #starting: Promise<string> | undefined;

  private constructor(held: HeldBox, { cdpPort = 9222, port = 0, args = [] }: BrowserBoxOptions) {
    super(held);
    this.#options = { cdpPort, port, args };
  }

  /** Makes the box; Chromium is started by the first `endpoint` or `connect`. */
  static override async create(options: BrowserBoxOptions = {}, call: CallOptions = {}): Promise<BrowserBox> {
    const { browser, cdpPort, port, args, ...rest } = options;
    checkWord('browser', browser, ['chromium']);
    checkWhole('cdpPort', cdpPort, 1, 65535);
    checkWhole('port', port, 0, 65535);
    checkTexts('args', args);
    return new BrowserBox(await holdBuilt(browserImage, rest, call), options);
  }

  /**
   * Where its DevTools are reached from this host, `ws://127.0.0.1:…`, for any client of the protocol. A browser that has
   * ended is started again, at another address. Every process of this host can connect there. `UnsupportedError` in browsers.
   */
  async endpoint(options: BrowserStartOptions = {}): Promise<string> {
    const { timeoutMs = 60_000, signal } = options;
    checkMs('timeoutMs', timeoutMs, 1);
    signal?.throwIfAborted();
    // One start for all who ask meanwhile: the signal of one of them ends only its own waiting.
    this.#starting ??= this.#start(timeoutMs).finally(() => {
      this.#starting = undefined;
    });
    return unlessAborted(this.#starting, signal);
  }

  /** Connects what drives browsers: `await box.connect(chromium)` with `import { chromium } from 'playwright-core'`. */
  async connect<Browser>(chromium: CdpConnector<Browser>, options: BrowserStartOptions = {}): Promise<Browser> {
    const { timeoutMs = 60_000 } = options;
    return chromium.connectOverCDP(await this.endpoint(options), { timeout: timeoutMs });
  }

  /** Closes the way in and stops the box. Twice is fine. */
  override async stop(): Promise<void> {
    const forward = await this.#forward?.catch(() => undefined);
    await forward?.close();
    await super.stop();
  }

  async #start(timeoutMs: number): Promise<string> {
    const { cdpPort, port, args } = this.#options;
    this.#forward ??= this.box.network.tunnel(cdpPort).forward({ port });
    const forward = await this.#forward.catch((error: unknown) => {
      this.#forward = undefined;
      throw error;
    });
    // A box that was there before may have a browser already.
    const known = this.created || this.#chromium ? undefined : await this.#ask(forward).catch(() => undefined);
    if (known !== undefined) return known;
    const running = await this.#chromium?.status().catch(() => undefined);
    if (running?.status !== 'running') {
      this.#chromium = await startChromium(this.box, { port: cdpPort, args, timeoutMs });
    }
    return this.#ask(forward);
  }

  /** What the browser says its address is. Only the path is taken of what comes out of the box. */
  async #ask(forward: Forward): Promise<string> {
    const at = `127.0.0.1:${forward.port}`;
    const limits = { signal: AbortSignal.timeout(10_000), redirect: 'error' } as const;
    const said = await fetch(`http://${at}/json/version`, limits)
      .then(beginning)
      .catch(async (cause: unknown) => {
        // The way in knows better why, if it is that.
        await (await this.box.network.tunnel(this.#options.cdpPort).connect()).close();
        throw new NetworkError('the browser of the box does not answer; ask for its endpoint again', { cause });
      });
    const [, path] = /"webSocketDebuggerUrl": *"ws:\/\/[^/"]+(\/devtools\/browser\/[\w-]+)"/.exec(said) ?? [];
    if (path === undefined)
      throw new ExecutionError(`what listens on port ${this.#options.cdpPort} of the box is no Chromium`);
    return `ws://${at}${path}`;
  }
}

async function beginning(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of answer.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > 64 * 1024) break;
  }
  return text;
}
