import { json } from '../http/respond.ts';
import { boxMetricsToWire, runtimeMetricsToWire } from '../wire/metrics.ts';
import { pathBox, type Routes } from './route.ts';

/** The operations that count. */
export function metricsRoutes(): Routes<'getRuntimeMetrics' | 'getBoxMetrics'> {
  return {
    async getRuntimeMetrics(call) {
      return json(200, runtimeMetricsToWire(await call.backend.metrics()));
    },

    async getBoxMetrics(call) {
      return json(200, boxMetricsToWire(await (await pathBox(call)).metrics()));
    },
  };
}
