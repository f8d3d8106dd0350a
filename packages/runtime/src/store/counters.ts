import type { DatabaseSync } from 'node:sqlite';
import { statement } from './statement.ts';

export type CounterName = 'boxes_created' | 'boxes_failed' | 'boxes_stopped' | 'commands' | 'exec_errors';

/** Totals that outlive restarts. */
export interface Counters {
  add(name: CounterName, n?: number): void;
  get(name: CounterName): number;
}

/** The counters of a store. */
export function counters(database: DatabaseSync): Counters {
  const add = statement(
    database,
    'INSERT INTO counters (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2',
  );
  const get = statement(database, 'SELECT value FROM counters WHERE name = ?');
  return {
    add: (name, n = 1) => void add.run(name, n),
    get: (name) => Number(get.get(name)?.['value'] ?? 0),
  };
}
