import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { recordsVariable } from './records.ts';

/** Begins a run of tests: what its processes find wrong in answers is told at its end, and fails it. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'boxlite-answers-'));
  process.env[recordsVariable] = folder;
  return async () => {
    const lines = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    await rm(folder, { recursive: true, force: true });
    const found = lines
      .flatMap((text) => text.split('\n'))
      .filter((line) => line !== '')
      .map((line): { readonly kind: string; readonly text: string; readonly program: string } => JSON.parse(line));
    const count = found.filter(({ kind }) => kind === 'checked').reduce((sum, { text }) => sum + Number(text), 0);
    if (count > 0)
      process.stdout.write(`${count} answers of ${lines.length} processes were held to spec/openapi.yaml\n`);
    const wrong = found.filter(({ kind }) => kind === 'wrong').map(({ text, program }) => `${text} [${program}]`);
    if (wrong.length > 0) throw new Error(`answers against spec/openapi.yaml:\n${[...new Set(wrong)].join('\n')}`);
  };
}
