import type { RuntimeMetrics } from 'boxlite';
import type { JSX } from 'preact';
import { useAsked } from './asked.ts';
import { bytes, duration, mebibytes, moment } from './format.ts';
import { Answer, Facts, Trouble } from './notices.tsx';
import type { Session } from './session.ts';

/** What the server does, can do and gives, and who it takes the caller for. */
export function NodePage({ now }: { readonly now: Session }): JSX.Element {
  const { runtime, config, me } = now;
  const { defaults, capabilities } = config;
  const asked = useAsked((signal) => runtime.metrics({ signal }), [runtime], 3000);
  return (
    <>
      <header class="bar">
        <h1>Node</h1>
      </header>
      <Answer asked={asked}>{(metrics) => <Counters metrics={metrics} />}</Answer>
      <h2>What a box gets</h2>
      <Facts
        of={[
          ['Processors', `${defaults.cpus}, ${most(capabilities.maxCpus, String)}`],
          ['Memory', `${mebibytes(defaults.memoryMib)}, ${most(capabilities.maxMemoryMib, mebibytes)}`],
          [
            'Disk',
            `${defaults.diskSizeGb ?? 'that of the host'}, ${most(capabilities.maxDiskSizeGb, (gb) => `${gb} GB`)}`,
          ],
          ['Isolation', `${defaults.securityPreset}; there are ${capabilities.supportedSecurityPresets.join(', ')}`],
        ]}
      />
      <h2>Limits</h2>
      <Facts
        of={[
          ['Boxes of a tenant', capabilities.maxBoxesPerPrefix],
          ['Executions at a time', capabilities.maxConcurrentExecutions],
          ['One upload', bytes(capabilities.fileTransferMaxBytes)],
          ['Output is kept for', duration(capabilities.outputRetentionMs)],
          ['Output kept in all', bytes(capabilities.outputRetentionBytes)],
        ]}
      />
      <h2>You</h2>
      <Facts
        of={[
          ['Signed in as', me.name ?? me.id],
          ['May', me.scopes.join(', ')],
          ['Tenant', now.tenant],
          ['Until', me.expiresAt === undefined ? 'no end' : moment(me.expiresAt)],
        ]}
      />
    </>
  );
}

function Counters({ metrics }: { readonly metrics: RuntimeMetrics }): JSX.Element {
  const failure = metrics.lastWarmFailure;
  const counts: readonly (readonly [name: string, count: number, since?: boolean])[] = [
    ['Boxes running', metrics.numRunningBoxes],
    ['Executions running', metrics.numRunningExecutions],
    ['Boxes warm', metrics.numWarmBoxes],
    ['Boxes made', metrics.boxesCreatedTotal, true],
    ['Boxes stopped', metrics.boxesStoppedTotal, true],
    ['Starts failed', metrics.boxesFailedTotal, true],
    ['Commands started', metrics.totalCommandsExecuted, true],
    ['Commands not started', metrics.totalExecErrors, true],
  ];
  return (
    <>
      <ul class="counts">
        {counts.map(([name, count, since]) => (
          <li key={name} class="panel">
            <strong>{count.toLocaleString()}</strong> {name}
            {since && <small> since the server began</small>}
          </li>
        ))}
      </ul>
      {failure && <Trouble text={`A warm box failed at ${moment(failure.at)}: ${failure.message}`} />}
    </>
  );
}

const most = (limit: number, format: (value: number) => string): string =>
  limit === 0 ? 'not limited here' : `at most ${format(limit)}`;
