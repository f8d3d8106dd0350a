// Builds `boxlite/desktop:latest`: node images/desktop/build.ts [--out DIR]
import { buildFromCommandLine, type DebianImage } from '../debian/image.ts';

/** A screen in memory (Xvfb), a window manager, a terminal, and what moves the mouse and takes pictures. */
const desktopImage: DebianImage = {
  name: 'boxlite/desktop',
  packages: ['xvfb', 'openbox', 'xdotool', 'scrot', 'xterm', 'x11-utils', 'fonts-dejavu-core'],
  config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'DISPLAY=:0'] },
};

if (import.meta.main) await buildFromCommandLine(desktopImage);
