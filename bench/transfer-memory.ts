import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from 'boxlite';
import type { Row } from './measure.ts';
import type { ServerProcess } from './server-process.ts';

/** Resident memory of a process, now and at its highest since the last reset, in MiB. */
export function residentMib(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

/** Makes the highest resident memory of a process begin anew (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** A file of 256 MiB up and down over REST by a client in a process of its own; peaks are above idle. */
export async function transferMemory(server: ServerProcess, box: Box, dir: string): Promise<Row[]> {
  const idle = residentMib(server.pid).now;
  resetPeak(server.pid);
  const client = spawn(process.execPath, ['bench/transfer-client.ts', server.url, box.id, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  client.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(client, 'close');
  if (code !== 0) throw new Error(`the transfer client exited with ${code}`);
  const { upMs, downMs, peakMib } = JSON.parse(output);
  const serverPeak = residentMib(server.pid).peak - idle;
  const command = await copyCommandPeaks(server, box, dir);
  return [
    { what: '256 MiB file up, REST', value: 256_000 / upMs, unit: 'MiB/s' },
    { what: '256 MiB file down, REST', value: 256_000 / downMs, unit: 'MiB/s' },
    { what: '256 MiB file up and down, peak above idle of an SDK program', value: peakMib, unit: 'MiB' },
    {
      what: '256 MiB file up and down, peak above idle of boxlite cp',
      value: Math.max(command.up, command.down),
      unit: 'MiB',
    },
    { what: '256 MiB file up and down, peak above idle of the server', value: serverPeak, unit: 'MiB' },
  ];
}

/** The highest resident memory of a command until it ends, in MiB; throws when it fails. */
async function peakOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} did not start`);
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentMib(pid).peak || 0);
  }, 10);
  const [code] = await once(child, 'exit').finally(() => clearInterval(sampling));
  if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}`);
  return peak;
}

/** How much more memory `boxlite cp` takes at its highest for a file of 256 MiB, up or down, than for an empty one, in MiB. */
export async function copyCommandPeaks(
  server: ServerProcess,
  box: Box,
  dir: string,
): Promise<{ up: number; down: number }> {
  const env = { ...process.env, BOXLITE_REST_URL: server.url, ...server.environment };
  const copy = (from: string, to: string): Promise<number> =>
    peakOf(process.execPath, ['packages/cli/bin/boxlite.mjs', 'cp', from, to], env);
  const [empty, file] = [join(dir, 'empty'), transferFile(dir)];
  writeFileSync(empty, '');
  execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=1M', 'count=256', 'status=none']);
  const idle = await copy(empty, `${box.id}:/root/empty`);
  const up = await copy(file, `${box.id}:/root/copied.bin`);
  const down = await copy(`${box.id}:/root/copied.bin`, `${file}.copied`);
  execFileSync('cmp', [file, `${file}.copied`]);
  return { up: up - idle, down: down - idle };
}

/** Where the client of {@link transferMemory} makes its file. */
export function transferFile(dir: string): string {
  return join(dir, 'transfer.bin');
}
