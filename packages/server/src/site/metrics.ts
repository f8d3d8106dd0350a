import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RuntimeBackend, RuntimeMetrics } from 'boxlite/backend';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LogEntry } from '../log.ts';

/** What a server counts of itself, and tells Prometheus. */
export interface ServerMetrics {
  /** Counts a request by its line in the log. */
  count(entry: LogEntry): void;
  addOutputBytes(bytes: number): void;
  /** A stream began; to be called when it is over. */
  stream(): () => void;
  /** All of it in Prometheus' text format, with what the backend counts. */
  text(): Promise<string>;
  close(): void;
}

interface Counted {
  readonly operation: string;
  readonly status: number;
  readonly durationMs: number;
}

const mostWaiting = 256;

/** The media type of {@link ServerMetrics.text}. */
export const metricsType: string = 'text/plain; version=0.0.4; charset=utf-8';

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
type NumberKey = Exclude<keyof RuntimeMetrics, 'lastWarmFailure'>;
const runtimeGauges: readonly (readonly [name: string, help: string, key: NumberKey])[] = [
  ['boxlite_boxes_running', 'Boxes that run, paused ones too.', 'numRunningBoxes'],
  ['boxlite_boxes_warm', 'Boxes that are up and that nobody has asked for yet.', 'numWarmBoxes'],
  ['boxlite_executions_running', 'Executions that have not ended.', 'numRunningExecutions'],
];
const runtimeCounters: readonly (readonly [name: string, help: string, key: NumberKey])[] = [
  ['boxlite_boxes_created_total', 'Boxes that were made.', 'boxesCreatedTotal'],
  ['boxlite_boxes_failed_total', 'Starts of boxes that failed.', 'boxesFailedTotal'],
  ['boxlite_boxes_stopped_total', 'Boxes that ended.', 'boxesStoppedTotal'],
  ['boxlite_executions_total', 'Executions that were started.', 'totalCommandsExecuted'],
  [
    'boxlite_boxes_warm_failures_total',
    'Boxes of the warm pool that failed before anyone took them.',
    'warmFailuresTotal',
  ],
  ['boxlite_execution_errors_total', 'Executions that could not be started.', 'totalExecErrors'],
];

/** Counts from now on; `close` ends the clock that watches the event loop. */
export function serverMetrics(backend: Pick<RuntimeBackend, 'metrics' | 'totals'>): ServerMetrics {
  const register = new Registry();
  const registers = [register];
  const requests = new Counter({
    name: 'boxlite_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['operation', 'status'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'boxlite_http_request_duration_seconds',
    help: 'Time until the head of the answer.',
    labelNames: ['operation'] as const,
    buckets: secondsBuckets,
    registers,
  });
  const output = new Counter({
    name: 'boxlite_output_bytes_total',
    help: 'Bytes of output that were sent.',
    registers,
  });
  const streams = new Gauge({ name: 'boxlite_streams_open', help: 'Streams of output and events.', registers });
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  new Gauge({
    name: 'boxlite_event_loop_lag_seconds',
    help: 'How late timers were since the last time this was read.',
    labelNames: ['quantile'] as const,
    registers,
    collect() {
      for (const quantile of [0.5, 0.99]) this.set({ quantile }, seconds(lag.percentile(quantile * 100)));
      this.set({ quantile: 1 }, seconds(lag.max));
      lag.reset();
    },
  });
  new Gauge({
    name: 'boxlite_memory_bytes',
    help: 'Memory of the server.',
    labelNames: ['kind'] as const,
    registers,
    collect() {
      const { rss, heapUsed, external } = process.memoryUsage();
      for (const [kind, bytes] of Object.entries({ rss, heapUsed, external })) this.set({ kind }, bytes);
    },
  });
  new Gauge({
    name: 'boxlite_cpu_seconds_total',
    help: 'Processor time of the server.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  const gauges = runtimeGauges.map(([name, help, key]) => ({ key, gauge: new Gauge({ name, help, registers }) }));
  const counters = runtimeCounters.map(([name, help, key]) => ({
    key,
    counter: new Counter({ name, help, registers }),
  }));
  // To find a counter by its labels costs more than to count: each is found once.
  const counted = kept((operation, status) => requests.labels({ operation, status }));
  const timed = kept((operation) => durations.labels({ operation }));
  // To count one by one, in the middle of each answer, costs ten times as much as many in a row.
  let waiting: Counted[] = [];
  const countWaiting = (): void => {
    for (const { operation, status, durationMs } of waiting) {
      counted(operation, status).inc();
      timed(operation, 0).observe(durationMs / 1000);
    }
    waiting = [];
  };
  return {
    count({ operation = 'none', status = 0, durationMs = 0 }) {
      waiting.push({ operation, status, durationMs });
      if (waiting.length >= mostWaiting) countWaiting();
    },
    addOutputBytes: (bytes) => output.inc(bytes),
    stream() {
      streams.inc();
      return () => streams.dec();
    },
    async text() {
      countWaiting();
      const now = await (backend.totals?.() ?? backend.metrics());
      for (const { key, gauge } of gauges) gauge.set(now[key] ?? 0);
      for (const { key, counter } of counters) {
        counter.reset();
        counter.inc(now[key] ?? 0);
      }
      return register.metrics();
    },
    close: () => lag.disable(),
  };
}

/** What `find` gives for an operation and a status, found once for each. */
function kept<T>(find: (operation: string, status: number) => T): (operation: string, status: number) => T {
  const found = new Map<string, T>();
  return (operation, status) => {
    const name = `${operation} ${status}`;
    const known = found.get(name) ?? find(operation, status);
    found.set(name, known);
    return known;
  };
}

/** Nanoseconds as seconds, never less than none: the clock knows only its own resolution. */
function seconds(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - 0.02) : 0;
}
