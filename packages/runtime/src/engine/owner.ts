import { stat } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';
import type { Host } from '../host/host.ts';
import type { LayerOwners } from '../images/layer-store.ts';
import { findProgram } from './program.ts';

async function give(host: Host, owner: string, options: readonly string[], path: string): Promise<void> {
  const chown = (await findProgram('chown')) ?? 'chown';
  const argv = [chown, '--no-dereference', ...options, owner, path];
  const { exitCode, stderr } = await host.spawn({ argv, output: 'capture', timeoutMs: 0 });
  if (exitCode !== 0) throw new EngineError(`cannot give ${path} to the box: ${stderr.trim()}`);
}

/** Gives a directory that this process made to the root of boxes, unless it is another's already. With root, it is box root's as it is. `EngineError`. */
export async function giveToBoxRoot(host: Host, path: string): Promise<void> {
  const { rootless, shift } = host.space;
  if (!rootless || (await stat(path)).uid !== process.geteuid?.()) return;
  await give(host, `${shift}:${shift}`, [], path);
}

/** Whose the files of image layers are: without root, those of the ids that boxes have. */
export function layerOwners(host: Host): LayerOwners {
  const { rootless, shift } = host.space;
  return {
    idShift: shift,
    removeTree: (path) => host.removeTree(path),
    async give(directory) {
      if (!rootless) return;
      await give(host, `${shift}:${shift}`, ['--recursive'], directory);
      await give(host, '0:0', [], directory);
    },
  };
}
