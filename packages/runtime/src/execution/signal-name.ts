import { constants } from 'node:os';

const names = new Map<number, string>(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** `SIGKILL` for 9; `SIG64` and the like for those without a name. */
export function signalName(signal: number): string {
  return names.get(signal) ?? `SIG${signal}`;
}
