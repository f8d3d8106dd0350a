import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';
import { type HostAction, hostActions } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { boxPaths } from './disk.ts';
import type { EngineBox } from './engine.ts';
import { type InitProcess, readInitProcess } from './init-process.ts';
import { findProgram } from './program.ts';

type Place = Pick<EngineBox, 'id' | 'folder'>;

const endMs = 5000;

/** The containers of one runtime that have their state below one folder. */
export interface Containers {
  readonly version: string;
  /** PID 1 as the runtime noted it; undefined when it knows no such container. */
  init(id: string): Promise<InitProcess | undefined>;
  /** Starts the bundle in the box's folder. `EngineError` with the runtime's own reason. */
  run(box: EngineBox): Promise<InitProcess>;
  /** Forgets a container once its PID 1 has ended, or ends it after 5 s; one that is not there is fine. */
  delete(place: Place): Promise<void>;
  /** The same as things to undo, which end PID 1 where it is known. */
  deleteActions(id: string, init?: InitProcess): readonly HostAction[];
  resumeAction(id: string): HostAction;
}

/** Where a runtime keeps its state of containers. */
export function containersRoot(stateDir: string, runtime: ContainerRuntime): string {
  return `${stateDir}/${runtime.name}`;
}

/** The last message of a runtime's log, which has one JSON object a line. */
async function lastMessage(log: string): Promise<string> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
  const message = /"msg":\s*("(?:[^"\\]|\\.)*")/.exec(lines.at(-1) ?? '')?.[1];
  return message === undefined ? 'no message' : String(JSON.parse(message));
}

/** Finds and asks the runtime, by path or name. `EngineError` when it is missing, does not run, or refuses this host. */
export async function openContainers(
  host: Host,
  runtime: ContainerRuntime,
  name: string,
  root: string,
): Promise<Containers> {
  const program = await findProgram(name);
  if (program === undefined)
    throw new EngineError(`${name} is not installed; run: sudo apt-get install -y ${runtime.packageName}`);
  const refusal = await runtime.refusal();
  if (refusal !== undefined) throw new EngineError(`${refusal.reason}; ${refusal.fix}`);
  const asked = await host.spawn({ argv: [program, '--version'], output: 'capture' });
  const version = /version (\S+)/.exec(asked.stdout)?.[1];
  if (version === undefined) throw new EngineError(`${program} --version failed: ${asked.stderr.trim()}`);
  await mkdir(root, { recursive: true, mode: 0o700 });

  const command = (...args: string[]): string[] => [program, '--root', root, ...args];
  const logged = (log: string, ...args: string[]): string[] => command('--log', log, '--log-format', 'json', ...args);
  const init = (id: string): Promise<InitProcess | undefined> => readInitProcess(`${root}/${id}`, runtime);

  return {
    version,
    init,
    async run(box) {
      const { log, pidFile } = boxPaths(box.folder);
      // A keyring of its own would count against the 200 keys that a host lets the boxes' unprivileged user have, and so
      // end at 200 boxes. No box reaches the one it inherits: every preset denies keyctl, add_key and request_key.
      const args = ['run', '--detach', '--no-new-keyring', '--preserve-fds', '1'];
      args.push('--pid-file', pidFile, '--bundle', box.folder, box.id);
      const exit = await host.spawn({ argv: logged(log, ...args), listenPath: box.socketPath });
      if (exit.exitCode !== 0) {
        const reason = exit.timedOut ? 'it took longer than 30 s' : await lastMessage(log);
        throw new EngineError(`${runtime.name} cannot start box ${box.id}: ${reason}; run boxlite doctor`);
      }
      const started = await init(box.id);
      if (started === undefined)
        throw new EngineError(`box ${box.id} has no state in ${root}; was it deleted meanwhile?`);
      return started;
    },
    async delete({ id, folder }) {
      const noted = await init(id).catch(() => undefined);
      const { log } = boxPaths(folder);
      if (noted !== undefined) {
        const outcome = await host.kill({ ...noted, signal: 0, waitMs: endMs });
        if (outcome !== 'running') {
          const deleted = await host.spawn({ argv: logged(log, 'delete', id) });
          if (deleted.exitCode === 0) return;
        }
      }
      if (!existsSync(`${root}/${id}`)) return;
      const forced = await host.spawn({ argv: logged(log, 'delete', '--force', id) });
      if (forced.exitCode !== 0)
        throw new EngineError(`${runtime.name} cannot delete box ${id}: ${await lastMessage(log)}; see ${log}`);
      // Without a readable state it forgets nothing.
      await host.removeTree(`${root}/${id}`);
    },
    deleteActions: (id, noted) => [
      ...(noted === undefined ? [] : [hostActions.kill({ ...noted, waitMs: endMs })]),
      ...(noted === undefined ? [] : [hostActions.spawn({ argv: command('delete', id) })]),
      hostActions.spawn({ argv: command('delete', '--force', id) }),
    ],
    resumeAction: (id) => hostActions.spawn({ argv: command('resume', id) }),
  };
}
