import { basename } from 'node:path';
import { type BoxOptions, EngineError, type SecurityPreset, UnsupportedError } from 'boxlite/backend';
import type { Host } from '../host/host.ts';
import type { Engine, EngineBox } from './engine.ts';
import { findProgram } from './program.ts';
import { qemuEngine } from './qemu/qemu.ts';
import { checkMeans, type HostMeans } from './rootless-options.ts';
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
  /** `UnsupportedError` with the step that helps where this host has no engine for the preset, or cannot give what is asked for. */
  checkOptions(options: BoxOptions): void;
  /** What `checkOptions` judges by. */
  readonly means: HostMeans;
  /** Whether there is an engine for the preset. */
  hasPreset(preset: SecurityPreset): boolean;
  /** Whether boxes of the preset can have a network. */
  hasNetworks(preset: SecurityPreset): boolean;
}

/** The engine of that name or absolute path, the best one unless given: runc, beside runsc where that is installed. `EngineError` when it is not there or not known. */
export async function openEngine(parts: EngineParts, choice = 'runc'): Promise<ChosenEngine> {
  const name = basename(choice);
  // A machine of its own is more than any preset asks for.
  if (choice === 'qemu')
    return {
      ...(await qemuEngine(parts)),
      means: { rootless: false, cgroups: true },
      checkOptions() {},
      hasPreset: () => true,
      hasNetworks: () => false,
    };
  if (name === 'crun')
    throw new EngineError('this version of BoxLite does not drive crun; choose the engine runc, runsc or qemu');
  const { rootless } = parts.host.space;
  if (rootless && name === 'runsc')
    throw new EngineError('boxes on runsc need root; run boxlite as root or choose the engine runc');
  if (choice === 'runc' || (choice.startsWith('/') && name !== 'runsc'))
    return engines(
      await runcEngine({ ...parts, runc: choice }),
      rootless ? undefined : await where('runsc', runscEngine, parts),
      'runc',
      rootless,
    );
  if (choice === 'runsc' || choice.startsWith('/'))
    return engines(
      await where('runc', runcEngine, parts),
      await runscEngine({ ...parts, runsc: choice }),
      'runsc',
      false,
    );
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

function engines(
  runc: Engine | undefined,
  runsc: Engine | undefined,
  chosen: 'runc' | 'runsc',
  rootless: boolean,
): ChosenEngine {
  const need = (engine: Engine | undefined, reason: string, name: string): Engine => {
    if (engine === undefined && rootless && name === 'runsc')
      throw new UnsupportedError("security maximum needs gVisor's runsc as root; use standard, or run boxlite as root");
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
  const { name, version, networks, cgroups, usage } = forPreset('standard');
  const means = { rootless, cgroups };
  return {
    name,
    version,
    networks,
    cgroups,
    means,
    checkOptions(options) {
      forPreset(options.security ?? 'standard');
      checkMeans(options, means);
    },
    hasPreset: (preset) => (chosen === 'runsc' || preset === 'maximum' ? runsc : runc) !== undefined,
    hasNetworks: (preset) => forPreset(preset).networks,
    start: async (box) => forPreset(box.security).start(box),
    kill: async (box) => (await of(box)).kill(box),
    release: async (box) => (await of(box)).release(box),
    destroy: async (box) => {
      for (const engine of [runc, runsc]) await engine?.destroy(box);
    },
    pid: async (box) => (await of(box)).pid(box),
    pause: async (box) => (await of(box)).pause(box),
    resume: async (box) => (await of(box)).resume(box),
    usage,
  };
}
