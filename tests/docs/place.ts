import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { Environment } from './environments.ts';
import { root } from './page.ts';

/** Where a page is tried: an empty home directory with `boxlite` on the PATH, and a port that is free. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  /** The home directory, empty at first. */
  readonly home: string;
  readonly port: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the reader stands: the home, or the clone. */
  readonly cwd: string;
  /** The user's id, where the page is of an ordinary user. */
  readonly user: number | undefined;
}

/** What the reader has set for other things. */
const ofOthers = /^BOXLITE_(HOME|API_KEY|PROFILE|REST_.*)$/;

/** Makes one; disposing it removes it with all boxes. */
export async function makePlace(environment: Environment, cache: string): Promise<Place> {
  const folder = await mkdtemp(join(environment.user === undefined ? tmpdir() : `/home/${environment.user}`, 'd-'));
  const [home, bin] = [join(folder, 'home'), join(folder, 'bin')];
  for (const each of [home, bin, join(folder, 'tmp')]) await mkdir(each);
  const boxlite = join(root, 'packages/cli/bin/boxlite.mjs');
  await writeFile(join(bin, 'boxlite'), `#!/bin/sh\nexec '${process.execPath}' '${boxlite}' "$@"\n`, { mode: 0o755 });
  const user = environment.user === undefined ? undefined : await idOf(environment.user);
  if (user !== undefined) for (const each of [folder, home]) await chown(each, user, user);
  const inherited = Object.entries(process.env).filter(([name]) => !ofOthers.test(name));
  return {
    folder,
    home,
    cwd: environment.inClone ? root : home,
    port: await freePort(),
    user,
    environment: {
      ...Object.fromEntries(inherited),
      HOME: home,
      USER: environment.user ?? 'root',
      PATH: [bin, dirname(process.execPath), process.env['PATH']].join(':'),
      // Every command is a program that starts: what was compiled once is not compiled again.
      NODE_COMPILE_CACHE: cache,
    },
    async [Symbol.asyncDispose]() {
      const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
        .split('\n')
        .filter((line) => line.includes(folder));
      if (mounts.length > 0) throw new Error(`the page leaves mounts behind:\n${mounts.join('\n')}`);
      await rm(folder, { recursive: true });
    },
  };
}

/** A command line as the user of the place. */
export function placed(place: Place, program: string, ...args: readonly string[]): [string, ...string[]] {
  if (place.user === undefined) return [program, ...args];
  const id = `${place.user}`;
  return ['setpriv', '--reuid', id, '--regid', id, '--clear-groups', program, ...args];
}

/** A port that nobody has, below those that the kernel gives to others meanwhile. */
async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return free ? port : freePort();
}

async function idOf(user: string): Promise<number> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((each) => each.startsWith(`${user}:`));
  if (line === undefined) throw new Error(`there is no user ${user}; run node scripts/setup.mjs --for-tests`);
  return Number(line.split(':')[2]);
}
