export { type EngineProbe, type ProbeProblem, probeEngines } from './engine/probe.ts';
export { baseImageDir, defaultHomeDir, guestBinary, openLocal } from './open-local.ts';
