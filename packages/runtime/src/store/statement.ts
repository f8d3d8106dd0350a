import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { storageFailure } from './storage-failure.ts';

type Row = Record<string, SQLOutputValue>;

/** A prepared statement whose failures, such as a full disk, are `StorageError`s. */
export interface Statement {
  run(...values: SQLInputValue[]): void;
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  /** Gives row after row until it answers false. */
  each(wanted: (row: Row) => boolean, ...values: SQLInputValue[]): void;
}

/** Prepares a statement of the store. */
export function statement(database: DatabaseSync, sql: string): Statement {
  const prepared = database.prepare(sql);
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw storageFailure(error);
    }
  };
  return {
    run: (...values) => void attempt(() => prepared.run(...values)),
    get: (...values) => attempt(() => prepared.get(...values)),
    all: (...values) => attempt(() => prepared.all(...values)),
    each: (wanted, ...values) =>
      attempt(() => {
        for (const row of prepared.iterate(...values)) if (!wanted(row)) return;
      }),
  };
}
