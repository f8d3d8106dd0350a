// Builds `boxlite/desktop:latest`: node images/desktop/build.ts [--out DIR]
import { graphicsDrivers } from '../debian/graphics.ts';
import { buildFromCommandLine, type DebianImage } from '../debian/image.ts';
import { folder, textFile } from '../debian/tree.ts';

/** Kinds of pictures that a library of openbox and scrot would read if they were there: PostScript, HEIF, JPEG XL. */
const formats = [
  ...['libspectre1', 'libgs10', 'libgs10-common', 'libgs-common', 'fonts-urw-base35', 'poppler-data', 'libijs-0.35'],
  ...['libcups2', 'libavahi-client3', 'libavahi-common3', 'libavahi-common-data', 'libjbig2dec0', 'libpaper1'],
  ...['libgssapi-krb5-2', 'libkrb5-3', 'libkrb5support0', 'libk5crypto3', 'libkeyutils1', 'libgnutls30', 'libidn12'],
  ...['libheif1', 'libx265-199', 'libaom3', 'libde265-0', 'libdav1d6', 'libjxl0.7', 'libhwy1', 'libnuma1'],
];

/** What makes openbox's menu from the programs of the system. */
const menus = [
  ...['python3', 'python3-minimal', 'python3.11', 'python3.11-minimal', 'libpython3-stdlib'],
  ...['libpython3.11-minimal', 'libpython3.11-stdlib', 'libsqlite3-0', 'libnsl2', 'libtirpc3', 'libtirpc-common'],
];

/** A screen in memory (Xvfb), a window manager, a terminal, and what moves the mouse and takes pictures. */
export const desktopImage: DebianImage = {
  name: 'boxlite/desktop',
  packages: ['xvfb', 'openbox', 'xdotool', 'scrot', 'xterm', 'fonts-dejavu-core', 'fonts-droid-fallback'],
  without: new Set([...graphicsDrivers, ...formats, ...menus]),
  finish(own) {
    const put = (path: string, text: string): void => void own.set(path, textFile(path, text));
    // Bitmap fonts need an index that a package's script makes; this one needs none.
    const terminal = Buffer.from(own.get('etc/X11/app-defaults/XTerm')?.content ?? '').toString();
    put('etc/X11/app-defaults/XTerm', `${terminal}\n*faceName: DejaVu Sans Mono\n*faceSize: 11\n`);
    put('var/lib/openbox/debian-menu.xml', '<openbox_menu xmlns="http://openbox.org/3.4/menu"/>\n');
    for (const path of own.keys()) if (/imlib2\/loaders\/(heif|jxl|ps)\.so$/.test(path)) own.delete(path);
    own.set('var/lib/openbox', folder('var/lib/openbox'));
    own.set('tmp/.X11-unix', folder('tmp/.X11-unix', { mode: 0o1777 }));
  },
  config: {
    User: 'box',
    WorkingDir: '/home/box',
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'DISPLAY=:0'],
  },
};

if (import.meta.main) await buildFromCommandLine(desktopImage);
