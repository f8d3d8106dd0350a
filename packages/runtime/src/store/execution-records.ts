import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { ExecutionStatus, OutputCursor, OutputOptions } from 'boxlite/backend';
import { statement } from './statement.ts';

/** How an execution ended. */
export interface ExecutionExit {
  readonly status: Exclude<ExecutionStatus, 'running'>;
  /** Undefined: nobody knows. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly durationMs: number;
  readonly errorMessage: string | undefined;
  /** Why output is missing at the end of the log, where some is. */
  readonly truncated: string | undefined;
  /** How much there was in the log at the end; absent in what earlier versions wrote. */
  readonly outputBytes?: OutputCursor;
  /** Why its output is no longer kept. */
  readonly forgotten?: string;
}

/** An execution as the store keeps it. */
export interface ExecutionRecord {
  readonly id: string;
  readonly boxId: string;
  /** Its number on the guest's channel. */
  readonly number: number;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly startedAt: number;
  /** What becomes of its output, where it was said. */
  readonly output: OutputOptions | undefined;
  readonly exit: ExecutionExit | undefined;
}

export interface ExecutionRecords {
  /** Nothing when it is there already, or when its box is removed. */
  insert(record: ExecutionRecord): void;
  /** With its exit, whether or not it is there; nothing when its box is removed. */
  finish(record: ExecutionRecord, exit: ExecutionExit): void;
  /** Gives it an exit, unless it is known how it ended. */
  lose(execution: Pick<ExecutionRecord, 'boxId' | 'id'>, exit: ExecutionExit): void;
  remove(boxId: string, id: string): void;
  get(boxId: string, id: string): ExecutionRecord | undefined;
  /** Oldest first. */
  ofBox(boxId: string): ExecutionRecord[];
  running(boxId: string): ExecutionRecord[];
  /** Of all boxes of a tenant. */
  numRunning(tenant: string): number;
}

function read(row: Record<string, SQLOutputValue>): ExecutionRecord {
  return {
    id: String(row['id']),
    boxId: String(row['box_id']),
    number: Number(row['number']),
    command: JSON.parse(String(row['command'])) as string[],
    tty: row['tty'] === 1,
    startedAt: Number(row['started_at']),
    output: row['output'] === null ? undefined : (JSON.parse(String(row['output'])) as OutputOptions),
    exit: row['exit'] === null ? undefined : readExit(String(row['exit'])),
  };
}

function readExit(text: string): ExecutionExit {
  const exit = JSON.parse(text) as ExecutionExit;
  // Earlier versions called it killed.
  return exit.exitCode === undefined ? { ...exit, status: 'lost' } : exit;
}

function row(record: ExecutionRecord, exit: ExecutionExit | undefined): SQLInputValue[] {
  const { id, boxId, number, command, tty, startedAt, output } = record;
  const [ended, said] = [exit, output].map((value) => (value ? JSON.stringify(value) : null));
  return [id, boxId, number, JSON.stringify(command), tty ? 1 : 0, startedAt, ended ?? null, said ?? null];
}

/** The executions of a store. */
export function executionRecords(database: DatabaseSync): ExecutionRecords {
  const insert = statement(
    database,
    `INSERT OR IGNORE INTO executions (id, box_id, number, command, tty, started_at, exit, output)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM boxes WHERE id = ?2)`,
  );
  const finish = statement(
    database,
    `INSERT INTO executions (id, box_id, number, command, tty, started_at, exit, output)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM boxes WHERE id = ?2)
     ON CONFLICT (id) DO UPDATE SET exit = excluded.exit WHERE box_id = excluded.box_id`,
  );
  const lose = statement(database, 'UPDATE executions SET exit = ? WHERE id = ? AND box_id = ? AND exit IS NULL');
  const remove = statement(database, 'DELETE FROM executions WHERE id = ? AND box_id = ?');
  const get = statement(database, 'SELECT * FROM executions WHERE id = ? AND box_id = ?');
  const ofBox = statement(database, 'SELECT * FROM executions WHERE box_id = ? ORDER BY id');
  const running = statement(database, 'SELECT * FROM executions WHERE box_id = ? AND exit IS NULL ORDER BY id');
  const numRunning = statement(
    database,
    `SELECT count(*) AS n FROM executions JOIN boxes ON boxes.id = executions.box_id
     WHERE executions.exit IS NULL AND boxes.tenant = ?`,
  );
  return {
    insert: (record) => void insert.run(...row(record, record.exit)),
    finish: (record, exit) => void finish.run(...row(record, exit)),
    lose: ({ boxId, id }, exit) => void lose.run(JSON.stringify(exit), id, boxId),
    remove: (boxId, id) => void remove.run(id, boxId),
    get(boxId, id) {
      const row = get.get(id, boxId);
      return row && read(row);
    },
    ofBox: (boxId) => ofBox.all(boxId).map(read),
    running: (boxId) => running.all(boxId).map(read),
    numRunning: (tenant) => Number(numRunning.get(tenant)?.['n'] ?? 0),
  };
}
