// Builds `boxlite/browser:latest`: node images/browser/build.ts [--out DIR]

import { graphicsDrivers } from '../debian/graphics.ts';
import { buildFromCommandLine, type DebianImage } from '../debian/image.ts';

/** Chromium without windows, and fonts, for East Asia too. A box is the sandbox: start it with `--no-sandbox`. */
export const browserImage: DebianImage = {
  name: 'boxlite/browser',
  packages: ['chromium-headless-shell', 'fonts-liberation', 'fonts-droid-fallback', 'fonts-noto-color-emoji'],
  without: new Set([...graphicsDrivers, 'libicu72', 'libxml2', 'x11-utils', 'xdg-utils']),
  finish(own) {
    // For those who debug drivers of graphics cards.
    for (const path of own.keys()) if (/^usr\/lib\/chromium\/libVk(Layer|ICD)_/.test(path)) own.delete(path);
  },
  // A page that takes over the browser has no more than this user.
  config: { Cmd: ['chromium-headless-shell', '--no-sandbox'], User: 'box', WorkingDir: '/home/box' },
};

if (import.meta.main) await buildFromCommandLine(browserImage);
