// Builds `boxlite/python:latest`: node images/python/build.ts [--out DIR]
import { buildFromCommandLine, type DebianImage } from '../debian/image.ts';
import { linkTo } from '../debian/tree.ts';

/** Python 3 with pip. */
export const pythonImage: DebianImage = {
  name: 'boxlite/python',
  packages: ['python3', 'python3-pip', 'python3-venv'],
  finish(own) {
    own.set('usr/bin/python', linkTo('usr/bin/python', 'python3'));
    // It keeps pip from a system that a package manager owns, and none owns a box.
    for (const path of own.keys()) if (path.endsWith('/EXTERNALLY-MANAGED')) own.delete(path);
  },
  config: { Cmd: ['python3'] },
};

if (import.meta.main) await buildFromCommandLine(pythonImage);
