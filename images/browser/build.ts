// Builds `boxlite/browser:latest`: node images/browser/build.ts [--out DIR]
import { buildFromCommandLine, type DebianImage } from '../debian/image.ts';

/** Chromium, to be run headless, and fonts. A box is the sandbox: start it with `--no-sandbox`. */
const browserImage: DebianImage = {
  name: 'boxlite/browser',
  packages: ['chromium', 'fonts-liberation', 'fonts-noto-color-emoji'],
};

if (import.meta.main) await buildFromCommandLine(browserImage);
