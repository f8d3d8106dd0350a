// Builds `boxlite/node:latest`: node images/node/build.ts [--out DIR]
import { buildFromCommandLine, type DebianImage } from '../debian/image.ts';

/** Debian's Node. */
const nodeImage: DebianImage = { name: 'boxlite/node', packages: ['nodejs'], config: { Cmd: ['node'] } };

if (import.meta.main) await buildFromCommandLine(nodeImage);
