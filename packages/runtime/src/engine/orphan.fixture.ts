// Started as a program by runc.test.ts: starts the box that its arguments describe, prints its pid, and stays until it is killed.
import { stdin, stdout } from 'node:process';
import { openHost } from '../host/host.ts';
import { boxAt, engineAt } from './box.fixture.ts';

const [home = '', guestBinary = '', id = '', attached = '', disk = ''] = process.argv.slice(2);
const host = await openHost({ binary: guestBinary, lockPath: `${home}/lock` });
const engine = await engineAt(home, host, guestBinary);
const diskSizeGb = disk === 'disk' ? 1 : undefined;
const { pid } = await engine.start(boxAt(home, id, { attached: attached === 'attached', diskSizeGb }));
stdout.write(`${pid}\n`);
stdin.resume();
