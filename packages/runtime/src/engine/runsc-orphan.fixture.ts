// Started as a program by runsc.test.ts: starts a detached box on the runsc of that home, which kills it meanwhile.
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { openHost } from '../host/host.ts';
import { boxAt } from './box.fixture.ts';
import { openEngine } from './choice.ts';

const [home = '', guestBinary = '', id = ''] = process.argv.slice(2);
await writeFile(`${home}/runtime`, `${process.pid}`);
const host = await openHost({ binary: guestBinary, lockPath: `${home}/lock` });
const parts = { host, guestBinary, stateDir: `${home}/state`, kernelRoots: [] };
await (await openEngine(parts, `${home}/runsc`)).start(boxAt(home, id, { security: 'maximum' }));
