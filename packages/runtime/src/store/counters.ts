import type { DatabaseSync } from 'node:sqlite';
import { statement } from './statement.ts';

export type CounterName = 'boxes_created' | 'boxes_failed' | 'boxes_stopped' | 'commands' | 'exec_errors';

/** Totals of each tenant, which outlive restarts. */
export interface Counters {
  add(tenant: string, name: CounterName, n?: number): void;
  get(tenant: string, name: CounterName): number;
  /** Whoever has counted anything, as everybody has who ever made a box. */
  tenants(): string[];
}

/** The counters of a store. */
export function counters(database: DatabaseSync): Counters {
  const add = statement(
    database,
    `INSERT INTO counters (tenant, name, value) VALUES (?1, ?2, ?3)
     ON CONFLICT (tenant, name) DO UPDATE SET value = value + ?3`,
  );
  const get = statement(database, 'SELECT value FROM counters WHERE tenant = ? AND name = ?');
  const tenants = statement(database, 'SELECT DISTINCT tenant FROM counters');
  return {
    tenants: () => tenants.all().map((row) => String(row['tenant'])),
    add: (tenant, name, n = 1) => void add.run(tenant, name, n),
    get: (tenant, name) => Number(get.get(tenant, name)?.['value'] ?? 0),
  };
}
