import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** Names the folder in which the processes of a test run leave what they find wrong. */
export const recordsVariable = 'BOXLITE_ANSWERS';

interface Records {
  /** As `operationId status`. */
  readonly seen: Set<string>;
  /** What was not as the contract says. */
  readonly wrong: string[];
  /** Answers that were held to the contract. */
  count: number;
}

const place = Symbol.for('boxlite.answers');

/** What this process has answered: one record for all copies of this module. */
export const records: Records = Reflect.get(globalThis, place) ?? begin();

function begin(): Records {
  const made: Records = { seen: new Set(), wrong: [], count: 0 };
  Reflect.set(globalThis, place, made);
  process.once('exit', leaveCount);
  return made;
}

/** Tells the run how many answers this process has checked since it last told. */
export function leaveCount(): void {
  const { count } = records;
  records.count = 0;
  if (count > 0) leave('checked', `${count}`);
}

/** An answer to this operation was seen, and this was wrong with it, if anything. */
export function noteAnswer(answer: string | undefined, wrong: string | undefined): void {
  records.count++;
  if (answer !== undefined) records.seen.add(answer);
  if (wrong === undefined) return;
  records.wrong.push(wrong);
  leave('wrong', wrong);
}

/** A line in the run's folder, where there is one. */
function leave(kind: 'checked' | 'wrong', text: string): void {
  const folder = process.env[recordsVariable];
  if (folder === undefined) return;
  const line = JSON.stringify({ kind, text, program: process.argv.slice(1, 3).join(' ') });
  appendFileSync(join(folder, `${process.pid}`), `${line}\n`);
}
