import { amount, bool, int, string, strings, word } from './answer.ts';
import { object, optional, otherwise, type Schema } from './schema.ts';

/** What not every server tells, and some may spell in their own way: null too reads as left out. */
export function told<T>(schema: Schema<T>): Schema<T | undefined> {
  return otherwise(optional(schema), undefined);
}

/** Settings of a box that few need. */
export interface BoxAdvanced {
  /** Given or taken on top of its preset. */
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
}

/** Reads settings that few need. */
export const boxAdvanced: Schema<BoxAdvanced> = object({ capabilities: object({ add: strings, drop: strings }) });

/** A directory of a box that is not its own. */
export interface BoxVolume {
  readonly host_path?: string | undefined;
  /** Id of a managed volume. */
  readonly managed_volume?: string | undefined;
  readonly guest_path: string;
  readonly read_only?: boolean | undefined;
}

/** Reads a directory of a box. */
export const boxVolume: Schema<BoxVolume> = object({
  host_path: told(string),
  managed_volume: told(string),
  guest_path: string,
  read_only: told(bool),
});

/** A directory of a box in memory. */
export interface BoxTmpfs {
  readonly guest_path: string;
  readonly size_mib: number;
}

/** Reads a directory in memory. */
export const boxTmpfs: Schema<BoxTmpfs> = object({ guest_path: string, size_mib: int });

/** A port that a box asks for. */
export interface BoxPort {
  /** 0: a free one. */
  readonly host_port: number;
  readonly guest_port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly host_ip: string;
}

/** Reads a port. */
export const boxPort: Schema<BoxPort> = object({
  host_port: int,
  guest_port: int,
  protocol: word(['tcp', 'udp']),
  host_ip: string,
});

/** The health check of a box. */
export interface BoxHealthCheck {
  readonly command: readonly string[];
  readonly interval_seconds: number;
  readonly timeout_seconds: number;
  readonly retries: number;
  readonly start_period_seconds: number;
}

/** Reads a health check. */
export const boxHealthCheck: Schema<BoxHealthCheck> = object({
  command: strings,
  interval_seconds: amount,
  timeout_seconds: amount,
  retries: int,
  start_period_seconds: amount,
});
