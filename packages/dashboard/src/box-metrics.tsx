import type { Boxlite, BoxMetrics } from 'boxlite';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAsked } from './asked.ts';
import type { Chart, ChartOptions } from './charts.ts';
import { bytes } from './format.ts';
import { Facts, NotLoaded, Trouble } from './notices.tsx';

interface Sample {
  readonly at: number;
  readonly metrics: BoxMetrics;
}

const everyMs = 2000;
const mostSamples = 450;

interface Graph extends ChartOptions {
  readonly title: string;
  readonly of: (samples: readonly Sample[]) => readonly (readonly (number | null)[])[];
}

const graphs: readonly Graph[] = [
  {
    title: 'Processor',
    lines: [{ name: '', color: '--mark' }],
    least: 10,
    format: (value) => `${Math.round(value)} %`,
    of: (samples) => [samples.map(({ metrics }) => metrics.cpuPercent ?? null)],
  },
  {
    title: 'Memory',
    lines: [{ name: '', color: '--mark' }],
    least: 1024 * 1024,
    format: bytes,
    of: (samples) => [samples.map(({ metrics }) => metrics.memoryBytes ?? null)],
  },
  {
    title: 'Network, each second',
    lines: [
      { name: 'sent', color: '--mark' },
      { name: 'received', color: '--good' },
    ],
    least: 1024,
    format: bytes,
    of: (samples) => [
      rates(samples, ({ networkBytesSent }) => networkBytesSent),
      rates(samples, ({ networkBytesReceived }) => networkBytesReceived),
    ],
  },
];

/** What a box takes, as graphs of the time since one looks. */
export function BoxGraphs({ runtime, boxId }: { readonly runtime: Boxlite; readonly boxId: string }): JSX.Element {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const asked = useAsked(
    async (signal) => {
      const metrics = await (await runtime.get(boxId, { signal }))?.metrics({ signal });
      if (metrics) setSamples((before) => [...before, { at: Date.now() / 1000, metrics }].slice(-mostSamples));
      return metrics;
    },
    [runtime, boxId],
    everyMs,
  );
  const last = asked.value;
  return (
    <>
      <Trouble text={asked.error} />
      <div class="graphs">
        {graphs.map((graph) => (
          <GraphView key={graph.title} graph={graph} samples={samples} />
        ))}
      </div>
      {last && (
        <Facts
          of={[
            ['Commands started', last.commandsExecutedTotal],
            ['Commands that could not start', last.execErrorsTotal],
            ['Input and files', `${bytes(last.bytesSentTotal)} in, ${bytes(last.bytesReceivedTotal)} out`],
            ['TCP connections', `${last.networkTcpConnections ?? '–'} open, ${last.networkTcpErrors ?? '–'} failed`],
          ]}
        />
      )}
    </>
  );
}

function GraphView({ graph, samples }: { readonly graph: Graph; readonly samples: readonly Sample[] }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [missing, setMissing] = useState(false);
  const chart = useRef<Chart | undefined>(undefined);
  const latest = useRef(samples);
  latest.current = samples;
  const draw = (): void => {
    chart.current?.show(
      latest.current.map(({ at }) => at),
      graph.of(latest.current),
    );
  };
  useEffect(() => {
    let closed = false;
    const open = async (): Promise<void> => {
      const { openChart } = await import('./charts.ts');
      if (closed || place.current === null) return;
      chart.current = openChart(place.current, graph);
      draw();
    };
    open().catch(() => setMissing(true));
    return () => {
      closed = true;
      chart.current?.[Symbol.dispose]();
      chart.current = undefined;
    };
  }, [graph]);
  useEffect(draw, [samples]);
  const now = graph.of(samples).map((values) => values.at(-1) ?? null);
  const words = now.map((value) => (value === null ? '–' : graph.format(value)));
  return (
    <figure class="panel">
      <figcaption>
        {graph.title}
        {graph.lines.map(({ name, color }, index) => (
          <strong key={name} style={name && { color: `var(${color})` }}>
            {words[index]} {name}
          </strong>
        ))}
      </figcaption>
      {missing && <NotLoaded />}
      <div ref={place} role="img" aria-label={`${graph.title} over time, now ${words.join(' and ')}`} />
    </figure>
  );
}

/** What a counter grew by each second; null where it began anew. */
function rates(
  samples: readonly Sample[],
  read: (metrics: BoxMetrics) => number | undefined,
): readonly (number | null)[] {
  return samples.map(({ at, metrics }, index) => {
    const before = samples[index - 1];
    const [then, now] = [before && read(before.metrics), read(metrics)];
    if (before === undefined || then === undefined || now === undefined || now < then) return null;
    return (now - then) / (at - before.at);
  });
}
