import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Place, placed } from './place.ts';

/** Commands that go on until they are ended: a reader gives them a terminal of their own. */
const staying = /^(?:npx )?(boxlite (serve|events|network tunnel)\b.*)$/;

/** The shell of a reader: what one block exports, and where it changes to, is there in the next. */
export interface Shell extends AsyncDisposable {
  /** Runs a block; what it printed on stdout. Fails with all that it said where a command fails. */
  run(code: string): Promise<string>;
  /** What the blocks so far have exported, over the environment of the place. */
  environment(): Promise<NodeJS.ProcessEnv>;
}

/** Opens one. Disposing it ends what stays by SIGTERM, which must leave with exit code 0. */
export function openShell(place: Place): Shell {
  const state = join(place.folder, 'shell');
  // `env -0` for programs, a script for the next block.
  const keep = `{ export -p; printf 'cd %q\\n' "$PWD"; } > '${state}.sh'; env -0 > '${state}.env'`;
  const start = `set -euo pipefail\n[ ! -e '${state}.sh' ] || . '${state}.sh'\n`;
  const services: Service[] = [];

  async function commands(code: string): Promise<string> {
    const [program, ...args] = placed(
      place,
      'bash',
      '-c',
      `${start}trap "${keep.replaceAll(/["$]/g, '\\$&')}" EXIT\n${code}`,
    );
    const child = spawn(program, args, { cwd: place.cwd, env: place.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const [[exit, signal], stdout, stderr] = await Promise.all([
      once(child, 'exit'),
      text(child.stdout),
      text(child.stderr),
    ]);
    if (exit !== 0) throw new Error(`exit code ${exit ?? signal}\n${stdout}${stderr}`);
    return stdout;
  }

  return {
    async run(code) {
      let printed = '';
      let pending = '';
      for (const line of code.split('\n')) {
        const [, command, kind] = staying.exec(line) ?? [];
        if (command === undefined) pending += `${line}\n`;
        else {
          if (pending.trim() !== '') printed += await commands(pending);
          pending = '';
          const service = startService(place, `${start}exec ${command}`, line);
          services.push(service);
          const said = await service.ready;
          if (kind !== 'events') printed += said;
        }
      }
      return pending.trim() === '' ? printed : printed + (await commands(pending));
    },
    async environment() {
      const exported = await readFile(`${state}.env`, 'utf8').catch(() => '');
      const pairs = exported.split('\0').filter((each) => each !== '');
      return { ...place.environment, ...Object.fromEntries(pairs.map((each) => each.split(/=(.*)/s, 2))) };
    },
    async [Symbol.asyncDispose]() {
      for (const service of services.toReversed()) await service.end();
    },
  };
}

interface Service {
  /** All that it said until it listened: before that a SIGTERM may find nobody who takes it. */
  readonly ready: Promise<string>;
  end(): Promise<void>;
}

function startService(place: Place, script: string, line: string): Service {
  const [program, ...args] = placed(place, 'setpriv', '--pdeathsig', 'KILL', 'bash', '-c', script);
  const child = spawn(program, args, { cwd: place.cwd, env: place.environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes;
      if (/^listening on |^\S+ \S+ open$/m.test(said)) resolve(said);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes;
    });
    void ended.then(([exit]) => reject(new Error(`${line} ended with ${exit} before it listened\n${said}`)));
  });
  ready.catch(() => undefined);
  return {
    ready,
    async end() {
      const early = child.exitCode !== null || child.signalCode !== null;
      child.kill('SIGTERM');
      const [exit, signal] = await ended;
      if (early || exit !== 0)
        throw new Error(`${line} ended with ${exit ?? signal}${early ? ' too early' : ''}\n${said}`);
    },
  };
}
