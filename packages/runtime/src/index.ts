export { type NoUserCgroups, userCgroups } from './cgroup/user-cgroup.ts';
export { type EngineProbe, type ProbeOptions, type ProbeProblem, probeEngines } from './engine/probe.ts';
export { isRootless, readRootlessIds } from './host/rootless.ts';
export { defaultHomeDir, openLocal } from './open-local.ts';
export { baseImageDir, guestBinary } from './shipped-files.ts';
