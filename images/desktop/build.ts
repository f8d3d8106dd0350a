// Builds `boxlite/desktop:latest`: node images/desktop/build.ts [--out DIR]
import { buildFromCommandLine, type DebianImage } from '../debian/image.ts';
import { folder, textFile } from '../debian/tree.ts';

/** A screen in memory (Xvfb), a window manager, a terminal, and what moves the mouse and takes pictures. */
const desktopImage: DebianImage = {
  name: 'boxlite/desktop',
  packages: ['xvfb', 'openbox', 'xdotool', 'scrot', 'xterm', 'x11-utils', 'fonts-dejavu-core'],
  finish(own) {
    const put = (path: string, text: string): void => void own.set(path, textFile(path, text));
    // Bitmap fonts need an index that a package's script makes; this one needs none.
    const terminal = Buffer.from(own.get('etc/X11/app-defaults/XTerm')?.content ?? '').toString();
    put('etc/X11/app-defaults/XTerm', `${terminal}\n*faceName: DejaVu Sans Mono\n*faceSize: 11\n`);
    put('var/lib/openbox/debian-menu.xml', '<openbox_menu xmlns="http://openbox.org/3.4/menu"/>\n');
    own.set('var/lib/openbox', folder('var/lib/openbox'));
    own.set('tmp/.X11-unix', folder('tmp/.X11-unix', { mode: 0o1777 }));
  },
  config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'DISPLAY=:0'] },
};

if (import.meta.main) await buildFromCommandLine(desktopImage);
