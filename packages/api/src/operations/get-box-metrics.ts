import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link getBoxMetrics}. */
export interface GetBoxMetricsOptions {
  /** Id or name. */
  readonly box: string;
}

/** One box's counters and gauges. Answers 200 with `BoxMetrics`. */
export function getBoxMetrics({ box }: GetBoxMetricsOptions): Endpoint {
  return { method: 'GET', path: path`/boxes/${box}/metrics` };
}
