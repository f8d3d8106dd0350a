import { type Endpoint, path } from '@boxlite/rest';

/** Counters over all boxes. Answers 200 with `RuntimeMetrics`. */
export function getRuntimeMetrics(): Endpoint {
  return { method: 'GET', path: path`/metrics` };
}
