import { setTimeout as delay } from 'node:timers/promises';
import type { Box } from 'boxlite';
import type { BoxMetrics } from 'boxlite/backend';
import type { Command } from 'commander';
import { existingBox, withRuntime } from '../connect.ts';
import { bytes, type Format, formatOption, formatted } from '../format.ts';
import { untilInterrupted } from '../signals.ts';
import { table } from '../table.ts';
import type { Plain } from '../yaml.ts';

const intervalMs = 1000;
// A share of a processor is of the time between two looks.
const betweenLooksMs = 250;

interface StatsFlags {
  readonly stream?: boolean;
  readonly format: Format;
}

/** `boxlite stats`: what a box uses. */
export function registerStats(program: Command): void {
  const command = program
    .command('stats')
    .description('print what a box uses')
    .argument('<box>', 'id or name')
    .option('-s, --stream', 'again every second, until interrupted')
    .addOption(formatOption())
    .action(async (name: string, flags: StatsFlags) => {
      await withRuntime(command, async (runtime) => {
        const box = await existingBox(runtime, name);
        const print = async (): Promise<void> => {
          process.stdout.write(printed(box.id, await measured(box), flags.format));
        };
        if (!flags.stream) return print();
        await untilInterrupted(async (signal) => {
          for (;;) {
            await print();
            await delay(intervalMs, undefined, { signal }).catch(() => {});
            signal.throwIfAborted();
          }
        });
      });
    });
}

/** The metrics with the share of a processor, where the box runs. */
async function measured(box: Box): Promise<BoxMetrics> {
  const metrics = await box.metrics();
  if (metrics.cpuPercent !== undefined || metrics.memoryBytes === undefined) return metrics;
  await delay(betweenLooksMs);
  return box.metrics();
}

function printed(id: string, metrics: BoxMetrics, format: Format): string {
  return formatted(format, metricsRecord(id, metrics), () =>
    table(
      ['ID', 'CPU', 'MEMORY', 'COMMANDS', 'BYTES IN', 'BYTES OUT'],
      [
        [
          id,
          metrics.cpuPercent === undefined ? '-' : `${metrics.cpuPercent.toFixed(1)} %`,
          bytes(metrics.memoryBytes),
          String(metrics.commandsExecutedTotal),
          bytes(metrics.bytesSentTotal),
          bytes(metrics.bytesReceivedTotal),
        ],
      ],
    ),
  );
}

function metricsRecord(id: string, metrics: BoxMetrics): { readonly [key: string]: Plain } {
  const { bootTiming, ...counters } = metrics;
  return { Id: id, ...counters, bootTiming: bootTiming ? { ...bootTiming } : null };
}
