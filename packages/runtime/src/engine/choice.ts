import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { type BoxOptions, EngineError, type SecurityPreset, UnsupportedError } from 'boxlite/backend';
import type { Host } from '../host/host.ts';
import { crun, runc } from './container-runtime.ts';
import { containersRoot } from './containers.ts';
import type { Engine, EngineBox, NetworkOrder } from './engine.ts';
import { isRunning, readInitProcess } from './init-process.ts';
import { findProgram } from './program.ts';
import { qemuEngine } from './qemu/qemu.ts';
import { checkMeans, type HostMeans } from './rootless-options.ts';
import { crunEngine, runcEngine } from './runc.ts';
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
  /** `networks` for boxes of the preset. */
  networksOf(preset: SecurityPreset): NetworkOrder | undefined;
  /** Whether `rename` works for boxes of the preset. */
  canRename(preset: SecurityPreset): boolean;
}

/** The engine of that name or absolute path, the best one unless given: runc, else crun, beside runsc where that is installed. `EngineError` when it is not there or not known. */
export async function openEngine(parts: EngineParts, choice?: string): Promise<ChosenEngine> {
  // A machine of its own is more than any preset asks for.
  if (choice === 'qemu')
    return {
      ...(await qemuEngine(parts)),
      means: { rootless: false, cgroups: true },
      checkOptions() {},
      hasPreset: () => true,
      networksOf: () => undefined,
      canRename: () => false,
    };
  const chosen = await kindOf(choice);
  const { rootless } = parts.host.space;
  if (rootless && chosen === 'runsc')
    throw new EngineError('boxes on runsc need root; run boxlite as root or choose the engine runc');
  const open = async (kind: Kind): Promise<Engine | undefined> => {
    if (kind === chosen) return kinds[kind](parts, choice ?? kind);
    if (rootless && kind === 'runsc') return undefined;
    return await kinds[kind](parts, kind).catch((error: unknown) => {
      if (error instanceof EngineError) return undefined;
      throw error;
    });
  };
  const [ofRunc, ofCrun, ofRunsc] = await Promise.all([open('runc'), open('crun'), open('runsc')]);
  return engines(parts, { runc: ofRunc, crun: ofCrun, runsc: ofRunsc }, chosen);
}

type Kind = 'runc' | 'crun' | 'runsc';

const kinds: Readonly<Record<Kind, (parts: EngineParts, program: string) => Promise<Engine>>> = {
  runc: (parts, program) => runcEngine({ ...parts, runc: program }),
  crun: (parts, program) => crunEngine({ ...parts, crun: program }),
  runsc: (parts, program) => runscEngine({ ...parts, runsc: program }),
};

async function kindOf(choice: string | undefined): Promise<Kind> {
  if (choice === undefined) {
    const best = (await findProgram('runc')) !== undefined || (await findProgram('crun')) === undefined;
    return best ? 'runc' : 'crun';
  }
  const name = basename(choice);
  if (choice === name || choice.startsWith('/')) {
    if (name === 'runsc' || name === 'crun' || name === 'runc') return name;
    if (choice.startsWith('/')) return 'runc';
  }
  throw new EngineError(
    `unknown engine ${JSON.stringify(choice)}: choose runc, crun, runsc or qemu, or the absolute path of one`,
  );
}

function engines(
  { stateDir, host }: EngineParts,
  opened: Readonly<Record<Kind, Engine | undefined>>,
  chosen: Kind,
): ChosenEngine {
  const { rootless } = host.space;
  const need = (kind: Kind, reason: string): Engine => {
    const engine = opened[kind];
    if (engine !== undefined) return engine;
    if (rootless && kind === 'runsc')
      throw new UnsupportedError("security maximum needs gVisor's runsc as root; use standard, or run boxlite as root");
    throw new UnsupportedError(
      `${reason}, which is not installed or does not run; run: sudo apt-get install -y ${kind}`,
    );
  };
  const kindFor = (preset: SecurityPreset): Kind => (preset === 'maximum' ? 'runsc' : chosen);
  const forPreset = (preset: SecurityPreset): Engine => need(kindFor(preset), "security maximum needs gVisor's runsc");
  // A box that runs stays with the engine that it was started on, whatever is chosen since.
  const of = async ({ id, folder }: Pick<EngineBox, 'id' | 'folder'>): Promise<Engine> => {
    if (isOnRunsc(folder)) return need('runsc', "the box was started on gVisor's runsc");
    for (const runtime of [runc, crun]) {
      const state = `${containersRoot(stateDir, runtime)}/${id}`;
      if (!existsSync(state)) continue;
      const engine = opened[runtime.name];
      if (engine !== undefined) return engine;
      const init = await readInitProcess(state, runtime).catch(() => undefined);
      if (init !== undefined && (await isRunning(init))) return need(runtime.name, `the box runs on ${runtime.name}`);
    }
    return opened[chosen === 'runsc' ? 'runc' : chosen] ?? forPreset('standard');
  };
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
    hasPreset: (preset) => opened[kindFor(preset)] !== undefined,
    networksOf: (preset) => forPreset(preset).networks,
    canRename: (preset) => forPreset(preset).rename !== undefined,
    start: async (box) => forPreset(box.security).start(box),
    kill: async (box) => (await of(box)).kill(box),
    release: async (box) => (await of(box)).release(box),
    destroy: async (box) => {
      for (const engine of Object.values(opened)) await engine?.destroy(box);
    },
    pid: async (box) => (await of(box)).pid(box),
    pause: async (box) => (await of(box)).pause(box),
    resume: async (box) => (await of(box)).resume(box),
    rename: async (box) => (await of(box)).rename?.(box),
    wasOutOfMemory: async (box) => (await (await of(box)).wasOutOfMemory?.(box)) ?? false,
    usage,
  };
}
