import type { RuntimeMetrics } from 'boxlite/backend';
import type { Store } from './store.ts';

/** What a store has counted of a tenant. */
export function runtimeMetrics(
  { counters, boxes, later }: Store,
  tenant: string,
): Omit<RuntimeMetrics, 'numWarmBoxes'> {
  later.flush();
  return {
    boxesCreatedTotal: counters.get(tenant, 'boxes_created'),
    boxesFailedTotal: counters.get(tenant, 'boxes_failed'),
    boxesStoppedTotal: counters.get(tenant, 'boxes_stopped'),
    numRunningBoxes: boxes.numRunning(tenant),
    totalCommandsExecuted: counters.get(tenant, 'commands'),
    totalExecErrors: counters.get(tenant, 'exec_errors'),
  };
}
