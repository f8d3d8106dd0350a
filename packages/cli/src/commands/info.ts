import type { Command } from 'commander';
import { withRuntime } from '../connect.ts';
import { formatted } from '../format.ts';
import { globalOptions } from '../globals.ts';
import { serverOptions } from '../profile/server.ts';
import { UsageError } from '../usage.ts';

/** `boxlite info`: what the runtime is, holds and gives. */
export function registerInfo(program: Command): void {
  const command = program
    .command('info')
    .description('print what this runtime is, how many boxes it has, and what a box gets by default')
    .option('--format <format>', 'yaml or json', 'yaml')
    .action(async ({ format }: { readonly format: string }) => {
      if (format !== 'yaml' && format !== 'json') {
        throw new UsageError(`--format must be yaml or json, not ${JSON.stringify(format)}`);
      }
      const options = globalOptions(command);
      const { home } = options;
      const url = (await serverOptions(options))?.url.toString();
      await withRuntime(command, async (runtime) => {
        const [{ defaults, capabilities }, metrics, boxes] = await Promise.all([
          runtime.config(),
          runtime.metrics(),
          runtime.listInfo(),
        ]);
        const { lastWarmFailure: failure } = metrics;
        const statuses = Map.groupBy(boxes, ({ status }) => status);
        const record = {
          Backend: url ?? 'local',
          Home: url === undefined ? (home ?? null) : null,
          Boxes: {
            Total: boxes.length,
            ...Object.fromEntries([...statuses].map(([status, { length }]) => [status, length])),
          },
          Metrics: { ...metrics, lastWarmFailure: failure ? `${failure.at.toISOString()} ${failure.message}` : null },
          Defaults: { ...defaults, diskSizeGb: defaults.diskSizeGb ?? null },
          Capabilities: {
            ...capabilities,
            supportedSecurityPresets: [...capabilities.supportedSecurityPresets],
            idempotencyKeyLifetime: capabilities.idempotencyKeyLifetime ?? null,
          },
        };
        process.stdout.write(formatted(format, record, () => ''));
      });
    });
}
