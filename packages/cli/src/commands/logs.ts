import { once } from 'node:events';
import { type Box, InvalidStateError } from 'boxlite';
import type { OutputChunk } from 'boxlite/backend';
import type { Command } from 'commander';
import { wholeNumber } from '../box-flags.ts';
import { existingBox, withRuntime } from '../connect.ts';
import { LastLines } from '../last-lines.ts';
import { leaving } from '../signals.ts';

interface LogsFlags {
  readonly lines?: number;
  readonly follow?: boolean;
}

/** `boxlite logs`: what a box's main command has written, since the last start. */
export function registerLogs(program: Command): void {
  const command = program
    .command('logs')
    .description('print what the command that a box was created with has written')
    .argument('<box>', 'id or name')
    .option('-n, --lines <count>', 'only the last lines', wholeNumber('--lines'))
    .option('-f, --follow', 'go on until the command ends')
    .action(async (name: string, flags: LogsFlags) => {
      await withRuntime(command, async (runtime) => {
        const signal = leaving();
        await print(await existingBox(runtime, name, { signal }), name, flags, signal);
      });
    });
}

async function print(box: Box, name: string, { lines, follow = false }: LogsFlags, signal: AbortSignal): Promise<void> {
  const { mainExecutionId } = await box.info({ signal });
  if (mainExecutionId === undefined) {
    throw new InvalidStateError(
      `box ${name} has no main command since its last start; boxlite create IMAGE COMMAND gives a box one`,
    );
  }
  const execution = await box.execution(mainExecutionId, { signal });
  // A server that does not tell how much there is: then to the end.
  const { status, outputBytes } = await execution.status({ signal });
  const present = status === 'running' ? outputBytes : undefined;
  const had = { stdout: 0, stderr: 0 };
  const isAll = (): boolean => present !== undefined && had.stdout >= present.stdout && had.stderr >= present.stderr;
  const last = lines === undefined ? undefined : new LastLines(lines);
  let tail = last;
  const release = async (): Promise<void> => {
    for (const chunk of tail?.take() ?? []) await write(chunk, signal);
    tail = undefined;
  };
  if (isAll()) await release();
  if (!isAll() || follow) {
    for await (const chunk of execution.output({ signal })) {
      had[chunk.stream] = chunk.offset + chunk.data.length;
      if (tail) tail.add(chunk);
      else await write(chunk, signal);
      if (!isAll()) continue;
      await release();
      if (!follow) break;
    }
  }
  await release();
}

async function write({ stream, data }: Pick<OutputChunk, 'stream' | 'data'>, signal: AbortSignal): Promise<void> {
  const target = stream === 'stdout' ? process.stdout : process.stderr;
  // The bytes may be a view of a buffer that the next piece reuses.
  if (!target.write(data.slice())) await once(target, 'drain', { signal }).catch(() => {});
  signal.throwIfAborted();
}
