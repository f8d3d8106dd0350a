import type { EngineProbe } from '@boxlite/runtime';
import type { Check } from './check.ts';

/** One check for each engine that BoxLite knows; boxes need one that is usable. */
export function engineChecks(engines: readonly EngineProbe[]): readonly Check[] {
  // qemu is used on demand only: without another engine, boxes do not run by default.
  const usable = engines.find((engine) => engine.usable && engine.name !== 'qemu');
  return engines.map((engine) => {
    const problem = engine.problems[0];
    return {
      name: engine.name,
      ok: engine.usable,
      required: usable === undefined && engine === engines[0],
      unusable: engine.path !== undefined && !engine.usable,
      found: engine.path === undefined ? 'not found' : found(engine),
      // Another engine that works is no reason to mend this one.
      fix: usable === undefined ? problem?.fix : undefined,
    };
  });
}

function found({ version, path, problems, notes }: EngineProbe): string {
  return [`${version ?? 'no version'} at ${path}`, ...[...problems, ...notes].map(({ reason }) => reason)].join('; ');
}
