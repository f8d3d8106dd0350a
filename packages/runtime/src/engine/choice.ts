import { basename } from 'node:path';
import { EngineError, type SecurityPreset, UnsupportedError } from 'boxlite/backend';
import type { Host } from '../host/host.ts';
import type { Engine, EngineBox, NetworkOrder } from './engine.ts';
import { findProgram } from './program.ts';
import { qemuEngine } from './qemu/qemu.ts';
import { runcEngine } from './runc.ts';
import { isOnRunsc, runscEngine } from './runsc.ts';

/** What every engine is made of. */
export interface EngineParts {
  readonly host: Host;
  readonly guestBinary: string;
  readonly stateDir: string;
  /** Where QEMU's kernels are looked for. */
  readonly kernelRoots: readonly string[];
}

/** An engine that gives every box what its preset asks for: `maximum` a kernel of its own, on runsc, others the chosen engine. */
export interface ChosenEngine extends Engine {
  /** `UnsupportedError` with the command that helps where this host has no engine for the preset. */
  checkPreset(preset: SecurityPreset): void;
  /** Whether `checkPreset` would pass. */
  hasPreset(preset: SecurityPreset): boolean;
  /** `networks` for boxes of the preset. */
  networksOf(preset: SecurityPreset): NetworkOrder | undefined;
}

/** The engine of that name or absolute path, the best one unless given: runc, beside runsc where that is installed. `EngineError` when it is not there or not known. */
export async function openEngine(parts: EngineParts, choice = 'runc'): Promise<ChosenEngine> {
  const name = basename(choice);
  // A machine of its own is more than any preset asks for.
  if (choice === 'qemu')
    return { ...(await qemuEngine(parts)), checkPreset() {}, hasPreset: () => true, networksOf: () => undefined };
  if (name === 'crun')
    throw new EngineError('this version of BoxLite does not drive crun; choose the engine runc, runsc or qemu');
  if (choice === 'runc' || (choice.startsWith('/') && name !== 'runsc'))
    return engines(await runcEngine({ ...parts, runc: choice }), await where('runsc', runscEngine, parts), 'runc');
  if (choice === 'runsc' || choice.startsWith('/'))
    return engines(await where('runc', runcEngine, parts), await runscEngine({ ...parts, runsc: choice }), 'runsc');
  throw new EngineError(
    `unknown engine ${JSON.stringify(choice)}: choose runc, runsc or qemu, or the absolute path of one`,
  );
}

async function where(
  name: string,
  open: (parts: EngineParts) => Promise<Engine>,
  parts: EngineParts,
): Promise<Engine | undefined> {
  return (await findProgram(name)) === undefined ? undefined : await open(parts);
}

function engines(runc: Engine | undefined, runsc: Engine | undefined, chosen: 'runc' | 'runsc'): ChosenEngine {
  const need = (engine: Engine | undefined, reason: string, name: string): Engine => {
    if (engine === undefined) throw new UnsupportedError(`${reason}; run: sudo apt-get install -y ${name}`);
    return engine;
  };
  const forPreset = (preset: SecurityPreset): Engine =>
    chosen === 'runsc' || preset === 'maximum'
      ? need(runsc, "security maximum needs gVisor's runsc, which is not installed", 'runsc')
      : need(runc, 'runc is not installed', 'runc');
  // A box that runs stays with the engine that it was started on, whatever is chosen since.
  const of = async ({ folder }: Pick<EngineBox, 'folder'>): Promise<Engine> =>
    isOnRunsc(folder)
      ? need(runsc, "the box was started on gVisor's runsc, which is not installed", 'runsc')
      : (runc ?? forPreset('standard'));
  const { name, version, networks, usage } = forPreset('standard');
  return {
    name,
    version,
    networks,
    checkPreset: (preset) => void forPreset(preset),
    hasPreset: (preset) => (chosen === 'runsc' || preset === 'maximum' ? runsc : runc) !== undefined,
    networksOf: (preset) => forPreset(preset).networks,
    start: async (box) => forPreset(box.security).start(box),
    kill: async (box) => (await of(box)).kill(box),
    release: async (box) => (await of(box)).release(box),
    destroy: async (box) => {
      for (const engine of [runc, runsc]) await engine?.destroy(box);
    },
    pid: async (box) => (await of(box)).pid(box),
    pause: async (box) => (await of(box)).pause(box),
    resume: async (box) => (await of(box)).resume(box),
    wasOutOfMemory: async (box) => (await (await of(box)).wasOutOfMemory?.(box)) ?? false,
    usage,
  };
}
