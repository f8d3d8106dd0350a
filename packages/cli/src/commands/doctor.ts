import type { Command } from 'commander';
import { type Check, checkRecord, required } from '../doctor/check.ts';
import { engineChecks } from '../doctor/engines.ts';
import { fileChecks } from '../doctor/files.ts';
import { kernelChecks } from '../doctor/kernel.ts';
import { storageCheck } from '../doctor/storage.ts';
import { type Format, formatOption, formatted } from '../format.ts';
import { globalOptions } from '../globals.ts';
import { table } from '../table.ts';

/** `boxlite doctor`: what this host can do, what is missing, and what mends it. Exit code 0 if boxes can run. */
export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('check whether this host can run boxes; says what mends what is missing')
    .addOption(formatOption())
    .action(async (flags: { readonly format: Format }) => {
      const runtime = await import('@boxlite/runtime');
      const checks = await hostChecks(runtime, globalOptions(command).home ?? runtime.defaultHomeDir());
      process.stdout.write(formatted(flags.format, checks.map(checkRecord), () => report(checks)));
      process.exitCode = checks.every((check) => check.ok || !check.required) ? 0 : 1;
    });
}

type Runtime = typeof import('@boxlite/runtime');

async function hostChecks(runtime: Runtime, homeDir: string): Promise<readonly Check[]> {
  const node = required('node', true, process.version, 'install Node 22.20 or newer');
  const [engines, files, storage] = await Promise.all([
    runtime.probeEngines(),
    fileChecks(runtime),
    storageCheck(homeDir),
  ]);
  return [node, ...(await kernelChecks(runtime)), ...engineChecks(engines), ...files, storage];
}

function report(checks: readonly Check[]): string {
  const fix = (check: Check): string => (check.ok ? '' : (check.fix ?? ''));
  const mends = checks.some((check) => fix(check) !== '');
  const headings = ['CHECK', 'STATE', 'FOUND', ...(mends ? ['HOW TO MEND IT'] : [])];
  const rows = checks.map((check) => [check.name, state(check), check.found, ...(mends ? [fix(check)] : [])]);
  const ready = checks.every((check) => check.ok || !check.required);
  const verdict = ready ? 'This host can run boxes.' : 'This host cannot run boxes before what is missing is mended.';
  return `${table(headings, rows)}\n${verdict}\n`;
}

function state(check: Check): string {
  if (check.ok) return 'ok';
  const word = check.unusable ? 'not usable' : 'missing';
  return check.required ? word : `${word} (optional)`;
}
