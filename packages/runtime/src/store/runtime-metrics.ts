import type { RuntimeMetrics } from 'boxlite/backend';
import type { Store } from './store.ts';

type Counted = Omit<RuntimeMetrics, 'numWarmBoxes' | 'warmFailuresTotal' | 'lastWarmFailure'>;

/** What a store has counted of a tenant. */
export function runtimeMetrics({ counters, boxes, executions, later }: Store, tenant: string): Counted {
  later.flush();
  return {
    boxesCreatedTotal: counters.get(tenant, 'boxes_created'),
    boxesFailedTotal: counters.get(tenant, 'boxes_failed'),
    boxesStoppedTotal: counters.get(tenant, 'boxes_stopped'),
    numRunningBoxes: boxes.numRunning(tenant),
    totalCommandsExecuted: counters.get(tenant, 'commands'),
    totalExecErrors: counters.get(tenant, 'exec_errors'),
    numRunningExecutions: executions.numRunning(tenant),
  };
}

/** The same of all tenants together. */
export function totalMetrics(store: Store): Counted {
  const all = store.counters.tenants().map((tenant) => runtimeMetrics(store, tenant));
  const sum = (key: keyof Counted): number => all.reduce((total, counted) => total + counted[key], 0);
  return {
    boxesCreatedTotal: sum('boxesCreatedTotal'),
    boxesFailedTotal: sum('boxesFailedTotal'),
    boxesStoppedTotal: sum('boxesStoppedTotal'),
    numRunningBoxes: sum('numRunningBoxes'),
    totalCommandsExecuted: sum('totalCommandsExecuted'),
    totalExecErrors: sum('totalExecErrors'),
    numRunningExecutions: sum('numRunningExecutions'),
  };
}
