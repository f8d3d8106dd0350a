import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';

/** As scripts/setup/test-user.mjs makes it. */
export const testUserName = 'boxlite-test';
const clone = join(import.meta.dirname, '../..');
/** Where the user sees the clone, which may lie in a folder that is closed to it. */
const shown = '/mnt';

/** A home of the test user, closed to everyone else. */
export interface UserHome extends AsyncDisposable {
  readonly path: string;
  /** Runs Node on this clone as the user; what it says, and how it ended. */
  node(args: readonly string[], env?: Readonly<Record<string, string>>, where?: UserPlace): Promise<UserRun>;
}

/** Where the user's processes are. */
export interface UserPlace {
  /** The folder of a cgroup of version 2. */
  readonly cgroup: string;
}

export interface UserRun {
  readonly code: number | null;
  readonly output: string;
}

// PID 1 of a PID namespace: whatever goes wrong, nothing of the user's is left. What is left before that is told.
const script = `
mount --bind "$1" ${shown} || exit 1
cd ${shown} || exit 1
[ -z "$3" ] || echo 0 > "$3/cgroup.procs" || exit 1
user=$2; shift 3
setpriv --reuid "$user" --regid "$user" --clear-groups -- "$@"
code=$?
for process in /proc/[0-9]*; do
  case "$(readlink "$process/exe")" in
    */boxlite-guest | */.boxlite/guest) echo "left behind: $process $(tr '\\0' ' ' < "$process/cmdline")"; code=1 ;;
  esac
done
exit $code`;

/** Makes one; the whole of it goes at the end. */
export async function userHome(): Promise<UserHome> {
  const path = await mkdtemp(`/home/${testUserName}/home-`);
  await run('chown', [`${testUserName}:`, path]);
  return {
    path,
    node: (args, env = {}, { cgroup } = { cgroup: '' }) => {
      const all = {
        ...{ HOME: path, TMPDIR: path, PATH: `${shown}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin` },
        // By this the test run finds what a test leaves behind.
        ...(process.env['BOXLITE_TEST_PROGRESS'] && {
          BOXLITE_TEST_PROGRESS: process.env['BOXLITE_TEST_PROGRESS'],
        }),
        ...env,
      };
      const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
      const given = Object.entries(all).map(([name, value]) => `${name}=${value}`);
      const inner = ['env', '-i', ...given, process.execPath.replace(clone, shown), ...args];
      return run('unshare', [...namespaces, '--', 'sh', '-c', script, 'sh', clone, testUserName, cgroup, ...inner]);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function run(program: string, args: readonly string[]): Promise<UserRun> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
  const [code, out, error] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { code, output: out + error };
}
