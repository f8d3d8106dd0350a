import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import type { TerminalSize } from 'boxlite';

/** A screen that draws what a program in a box writes, and does nothing else that it says. */
export interface TerminalScreen extends Disposable {
  readonly size: TerminalSize;
  /** Resolves when more may come: little waits to be drawn. */
  write(data: Uint8Array | string): Promise<void>;
  focus(): void;
}

/** What a screen tells. */
export interface ScreenEvents {
  readonly onInput: (bytes: Uint8Array) => void;
  readonly onSize: (size: TerminalSize) => void;
}

const dark = { background: '#10141a', foreground: '#dfe5ee', cursor: '#6cb0ff', selectionBackground: '#33507a' };

/** In pieces that are drawn one by one a flood would take minutes. */
const mostWaiting = 256 * 1024;

/** Opens a screen that fills an element, and goes on to fill it. */
export function openScreen(place: HTMLElement, { onInput, onSize }: ScreenEvents): TerminalScreen {
  const terminal = new Terminal({
    scrollback: 5000,
    fontFamily: 'ui-monospace, "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace',
    fontSize: 13,
    theme: dark,
    // Links that a program writes lead nowhere. Without an add-on there is no clipboard; titles are heard by nobody, and
    // reports of the window are off unless asked for.
    linkHandler: { activate: () => {} },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(place);
  fit.fit();
  let waiting = 0;
  const encoder = new TextEncoder();
  terminal.onData((text) => onInput(encoder.encode(text)));
  terminal.onBinary((text) => onInput(Uint8Array.from(text, (one) => one.charCodeAt(0))));
  terminal.onResize(({ cols, rows }) => onSize({ cols, rows }));
  // Hidden it has no size, and keeps the one it had.
  const resized = new ResizeObserver(() => place.clientWidth > 0 && fit.fit());
  resized.observe(place);
  return {
    get size() {
      return { cols: terminal.cols, rows: terminal.rows };
    },
    write(data) {
      waiting += data.length;
      return new Promise((resolve) => {
        terminal.write(data, () => {
          waiting -= data.length;
          resolve();
        });
        if (waiting < mostWaiting) resolve();
      });
    },
    focus: () => terminal.focus(),
    [Symbol.dispose]() {
      resized.disconnect();
      terminal.dispose();
    },
  };
}
