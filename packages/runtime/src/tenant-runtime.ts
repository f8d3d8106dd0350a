import type { RuntimeBackend } from 'boxlite/backend';
import type { LocalRuntime } from './runtime.ts';

/** A local runtime as one tenant has it: its own boxes, names, volumes, image names and counters, and nobody else's. */
export function tenantRuntime(runtime: LocalRuntime, tenant: string): RuntimeBackend {
  return {
    create: (options, name, call) => runtime.create(tenant, options, name, call),
    getOrCreate: (options, name, call) => runtime.getOrCreate(tenant, options, name, call),
    get: (idOrName, call) => runtime.get(tenant, idOrName, call),
    list: (options, call) => runtime.list(tenant, options, call),
    remove: (idOrName, options, call) => runtime.remove(tenant, idOrName, options, call),
    metrics: (call) => runtime.metrics(tenant, call),
    totals: (call) => runtime.totals(call),
    events: (options) => runtime.events(tenant, options),
    check: (call) => runtime.check(call),
    config: (call) => runtime.config(call),
    images: runtime.images.of(tenant),
    volumes: runtime.volumes.of(tenant),
    importBox: (archive, name, call) => runtime.importBox(tenant, archive, name, call),
    tenant: (name) => runtime.tenant(name),
    shutdown: (options) => runtime.shutdown(options),
  };
}
