import type { Box } from '../box.ts';
import { ExecutionError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { awaitLine } from './awaited-line.ts';
import { type BuiltImage, lacking } from './built-image.ts';

/** The image that has Chromium. */
export const browserImage: BuiltImage = { name: 'boxlite/browser', folder: 'browser' };

// Under whichever name an image has it; the first is the one of `boxlite/browser`.
const programs = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

const flags = [
  '--headless',
  // Its sandbox makes namespaces, which a box may not; the box is the sandbox.
  '--no-sandbox',
  // A box has 64 MiB of shared memory; this takes files in /tmp.
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-breakpad',
];

/** How Chromium is started. */
export interface StartChromiumOptions {
  /** Where its DevTools listen, on the box's loopback. */
  readonly port: number;
  /** Further flags. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

/** Starts Chromium in a box with an empty profile, and waits until its DevTools listen. */
export async function startChromium(box: Box, options: StartChromiumOptions): Promise<Execution> {
  const { port, args, timeoutMs } = options;
  // A profile of its own: that of a browser that was killed is locked.
  const profile = `/tmp/boxlite-chromium-${crypto.randomUUID()}`;
  const own = [`--remote-debugging-port=${port}`, `--user-data-dir=${profile}`];
  const execution = await execFirst(box, [...flags, ...args, ...own, 'about:blank']);
  await awaitLine(execution, /^DevTools listening on ws:/m, { program: 'Chromium', timeoutMs });
  return execution;
}

async function execFirst(box: Box, args: readonly string[]): Promise<Execution> {
  let missing: unknown;
  for (const program of programs) {
    try {
      // It talks on; nobody reads more than the beginning.
      return await box.exec(program, args, { output: { policy: 'truncate', limitBytes: 1024 * 1024 } });
    } catch (error) {
      if (!(error instanceof ExecutionError)) throw error;
      missing = error;
    }
  }
  throw lacking('Chromium', browserImage, missing);
}
