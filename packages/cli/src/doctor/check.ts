import type { Plain } from '../yaml.ts';

/** What one check of this host found. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Boxes cannot run without it. */
  readonly required: boolean;
  /** What was found. */
  readonly found: string;
  /** It is there, but cannot be used. */
  readonly unusable?: boolean;
  /** The command or the step that mends it. */
  readonly fix: string | undefined;
}

/** A check as `doctor --format json` prints it. */
export function checkRecord(check: Check): { readonly [key: string]: Plain } {
  const { name, ok, required, found, fix } = check;
  return { Name: name, Ok: ok, Required: required, Found: found, Fix: ok ? null : (fix ?? null) };
}

/** Makes the check of something that boxes cannot do without. */
export function required(name: string, ok: boolean, found: string, fix: string): Check {
  return { name, ok, required: true, found, fix };
}

/** Makes the check of something that only some options need. */
export function optional(name: string, ok: boolean, found: string, fix: string): Check {
  return { name, ok, required: false, found, fix };
}
